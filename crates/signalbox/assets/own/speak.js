// Reads the page aloud with the browser's own voices. The button is hidden in the HTML and shown only where
// the browser can speak. One utterance per block, since Chromium cuts a long one off after about 15 seconds.
// Only local voices are chosen: nothing a person reads leaves the machine.
(() => {
  const speech = window.speechSynthesis
  if (!speech) return
  const quiet = 'svg,script,[aria-hidden=true],button,form'
  const wanted = 'main h1,main h2,main h3,main p,main dl>div,main tr,main li'
  let queue = []
  let speaking = false

  const words = block => {
    const copy = block.cloneNode(true)
    copy.querySelectorAll(quiet).forEach(part => part.remove())
    return copy.textContent.replace(/\s+/g, ' ').trim()
  }
  const button = () => document.querySelector('[data-read]')
  const label = text => { const b = button(); if (b) b.lastChild.textContent = text }
  const unmark = () => document.querySelectorAll('.speaking').forEach(b => b.classList.remove('speaking'))

  const stop = () => {
    speaking = false
    queue = []
    speech.cancel()
    unmark()
    label('Read this page aloud')
  }
  const next = () => {
    unmark()
    const block = queue.shift()
    if (!speaking || !block) return stop()
    const utterance = new SpeechSynthesisUtterance(words(block))
    utterance.lang = document.documentElement.lang
    const voice = speech.getVoices().find(v => v.localService && v.lang.startsWith('en-GB'))
    if (voice) utterance.voice = voice
    block.classList.add('speaking')
    block.scrollIntoView({ block: 'nearest' })
    utterance.onend = utterance.onerror = next
    speech.speak(utterance)
  }
  const start = () => {
    speaking = true
    label('Stop reading')
    queue = [...document.querySelectorAll(wanted)].filter(b =>
      b.offsetParent && words(b) && !b.parentElement.closest('li,tr') &&
      !(b.matches('li') && b.querySelector('h2,h3')))
    next()
  }

  const show = () => { const b = button(); if (b) b.hidden = false }
  show()
  document.addEventListener('signalbox:morphed', show)
  document.addEventListener('click', e => { if (e.target.closest('[data-read]')) speaking ? stop() : start() })
  addEventListener('pagehide', () => speech.cancel())
  addEventListener('keydown', e => { if (e.key === 'Escape' && speaking) stop() })
})()
