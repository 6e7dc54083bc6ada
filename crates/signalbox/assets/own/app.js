// What scripts add to pages that work without them:
//   a[data-live], form[data-live]   fetch the same address, morph #main, keep focus, say what changed, push the address
//   main[data-refresh="60"]         fetch this address again every 60 seconds while the page is in view
//   form[data-autosave]             save the draft every 20 seconds through the form's own address (autosave=1, answer 204)
//   form[method=post]               say "Saving…" and send once
(() => {
  const $ = (s, from = document) => from.querySelector(s)
  const say = text => {
    const live = $('#live')
    if (!live) return
    live.textContent = ''
    setTimeout(() => { live.textContent = text }, 60)
  }

  // ---- the same address, fetched and morphed
  // The policy of the site lets text become markup here only: a whole page of ours, as the server wrote it.
  const pages = window.trustedTypes ? trustedTypes.createPolicy('signalbox', { createHTML: page => page }) : { createHTML: page => page }
  let asked = 0
  async function show(address, { push = true, quiet = false } = {}) {
    const mine = ++asked
    const main = $('#main')
    main.setAttribute('aria-busy', 'true')
    let page
    try {
      const answer = await fetch(address, { headers: { accept: 'text/html' }, credentials: 'same-origin' })
      const kind = answer.headers.get('content-type') || ''
      if (!answer.ok || answer.redirected || !kind.startsWith('text/html')) throw new Error('full page')
      page = new DOMParser().parseFromString(pages.createHTML(await answer.text()), 'text/html')
      if (!$('#main', page)) throw new Error('full page')
    } catch {
      main.removeAttribute('aria-busy')
      if (!quiet && mine === asked) location.assign(address)
      return
    }
    if (mine !== asked) return // a later answer is on its way
    const held = document.activeElement && document.activeElement.id
    Idiomorph.morph(main, $('#main', page), { morphStyle: 'outerHTML', ignoreActiveValue: true })
    document.title = page.title
    const made = $('#made')
    const remade = $('#made', page)
    if (made && remade) made.textContent = remade.textContent
    if (push) history.pushState({ live: true }, '', address)
    if (held && document.activeElement.id !== held) { const back = document.getElementById(held); if (back) back.focus() }
    document.dispatchEvent(new Event('signalbox:morphed'))
    const status = $('#main [role=status]')
    if (!quiet) say(status ? status.textContent.trim() : document.title)
  }

  document.addEventListener('click', e => {
    const link = e.target.closest('a[data-live]')
    if (!link || e.defaultPrevented || e.button || e.metaKey || e.ctrlKey || e.shiftKey || e.altKey) return
    if (link.origin !== location.origin) return
    e.preventDefault()
    show(link.href)
  })
  addEventListener('popstate', () => show(location.href, { push: false }))

  // ---- forms
  document.addEventListener('submit', e => {
    const form = e.target
    if (form.matches('form[data-live]')) {
      e.preventDefault()
      const query = new URLSearchParams()
      for (const [name, value] of new FormData(form)) if (value !== '') query.append(name, value)
      const text = query.toString()
      show(form.action.split('?')[0] + (text ? '?' + text : ''))
      return
    }
    if ((form.getAttribute('method') || '').toLowerCase() !== 'post') return
    if (form.dataset.sent) { e.preventDefault(); return } // the idempotency key guards the server as well
    form.dataset.sent = '1'
    const button = e.submitter
    if (button && button.matches('button')) {
      // Only after the browser has read the form: a changed button must not change what is sent.
      setTimeout(() => {
        button.setAttribute('aria-disabled', 'true')
        button.dataset.words = button.textContent
        button.textContent = 'Saving…'
      }, 400)
    }
  })
  addEventListener('pageshow', () => document.querySelectorAll('form[data-sent]').forEach(form => {
    delete form.dataset.sent
    form.querySelectorAll('button[data-words]').forEach(b => { b.textContent = b.dataset.words; b.removeAttribute('aria-disabled') })
  }))

  // ---- drafts
  document.addEventListener('input', e => {
    const form = e.target.closest && e.target.closest('form[data-autosave]')
    if (form) form.dataset.dirty = '1'
  })
  let savedAt = 0
  const line = text => { const where = $('[data-saved]'); if (where) where.textContent = text }
  async function save(form) {
    const fields = new URLSearchParams()
    for (const [name, value] of new FormData(form)) if (typeof value === 'string') fields.append(name, value)
    fields.delete('idempotency_key') // the key belongs to the real sending
    fields.set('autosave', '1')
    delete form.dataset.dirty
    try {
      const answer = await fetch(form.getAttribute('action') || location.href, { method: 'POST', body: fields, credentials: 'same-origin' })
      if (answer.status !== 204) throw new Error('not saved')
      const version = answer.headers.get('signalbox-version')
      const known = form.elements.namedItem('version')
      if (version && known) known.value = version
      savedAt = Date.now()
      line('Saved just now')
    } catch {
      form.dataset.dirty = '1'
      line(navigator.onLine ? 'Not saved yet. Your words are still on this page.' : 'Not saved: no connection. Your words are still on this page.')
    }
  }
  setInterval(() => {
    const form = $('form[data-autosave]')
    if (!form) return
    if (form.dataset.dirty && !form.dataset.sent) save(form)
    else if (savedAt) line(`Saved ${Math.max(1, Math.round((Date.now() - savedAt) / 1000))} seconds ago`)
  }, 20000)

  // ---- tables that phones show as blocks
  // Safari forgets that a table is one when CSS changes its display. The roles say it again; they are set here and
  // not in the HTML, where the standard calls them superfluous.
  const roles = { thead: 'rowgroup', tbody: 'rowgroup', tr: 'row', td: 'cell', 'thead th': 'columnheader', 'tbody th': 'rowheader' }
  const keepTables = () => document.querySelectorAll('table.stack,table.month').forEach(table => {
    table.setAttribute('role', 'table')
    for (const [part, role] of Object.entries(roles)) table.querySelectorAll(part).forEach(cell => cell.setAttribute('role', role))
  })
  keepTables()
  document.addEventListener('signalbox:morphed', keepTables)

  // ---- start
  const faults = $('[data-error-summary]')
  if (faults) faults.focus()
  document.addEventListener('click', e => { if (e.target.closest('[data-print]')) print() })
  const reveal = () => document.querySelectorAll('[data-print]').forEach(b => { b.hidden = false })
  reveal()
  document.addEventListener('signalbox:morphed', reveal)
  let waited = 0
  setInterval(() => {
    const every = Number($('#main')?.dataset.refresh || 0)
    const typing = document.activeElement && document.activeElement.matches('#main input,#main textarea,#main select')
    waited = document.hidden || typing ? waited : waited + 5
    if (every && waited >= every) { waited = 0; show(location.href, { push: false, quiet: true }) }
  }, 5000)
})()
