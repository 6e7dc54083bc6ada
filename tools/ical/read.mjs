// Reads a calendar with ical.js and prints its entries as JSON, in UTC.
import { readFileSync } from 'node:fs';

const { default: ICAL } = await import(new URL('../npm/node_modules/ical.js/dist/ical.js', import.meta.url));

const calendar = new ICAL.Component(ICAL.parse(readFileSync(process.argv[2], 'utf8')));
// Only the rules that the file brings: the library knows no zone by itself.
for (const zone of calendar.getAllSubcomponents('vtimezone')) {
  ICAL.TimezoneService.register(zone);
}
const utc = (time) => new Date(time.toUnixTime() * 1000).toISOString().replace('.000Z', 'Z');

const found = [];
for (const event of calendar.getAllSubcomponents('vevent')) {
  const value = (name) => event.getFirstPropertyValue(name);
  found.push({
    uid: value('uid'),
    start: utc(value('dtstart')),
    end: utc(value('dtend')),
    sequence: value('sequence'),
    status: value('status'),
    summary: value('summary'),
    description: value('description') ?? '',
  });
}
for (const freeBusy of calendar.getAllSubcomponents('vfreebusy')) {
  for (const line of freeBusy.getAllProperties('freebusy')) {
    for (const period of line.getValues()) {
      found.push({
        uid: freeBusy.getFirstPropertyValue('uid'),
        start: utc(period.start),
        end: utc(period.getEnd()),
        sequence: 0,
        status: line.getParameter('fbtype'),
        summary: '',
        description: '',
      });
    }
  }
}
console.log(JSON.stringify(found));
