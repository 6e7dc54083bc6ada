// Makes the NHS.UK stylesheet fit to serve from here: no licensed web font, no address outside our own.
// Usage: node tools/strip-fonts.mjs IN.css OUT.css
import { readFileSync, writeFileSync } from 'node:fs'

const [from, to] = process.argv.slice(2)
let css = readFileSync(from, 'utf8')
css = css.replace(/@font-face\s*\{[^}]*\}/g, '')
css = css.replace(/\/\*# sourceMappingURL=[^*]*\*\//g, '')
// The font's name goes too, so that a copy installed on a reader's machine is not picked up by chance.
css = css.replace(/Frutiger W01,\s*/g, '')
// The few icons that the stylesheet draws by address belong to components that Signalbox does not use.
css = css.replace(/url\([^)]*\)/g, 'none')

const left = css.match(/@font-face|https?:\/\/|url\(|Frutiger/i)
if (left) {
  console.error(`strip-fonts: "${left[0]}" is still in the stylesheet`)
  process.exit(1)
}
writeFileSync(to, css)
