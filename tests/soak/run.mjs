// The soak for as long as it is told: `node run.mjs --minutes N --seed S`.

import { parseArgs } from 'node:util';

import { SCENARIOS, describe, openPage, soak } from './soak.mjs';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '10' }, seed: { type: 'string' }, only: { type: 'string' } },
});
const url = process.env.TIDEWIRE_URL;
const first = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
const end = Date.now() + Number(values.minutes) * 60_000;
const names = Object.keys(SCENARIOS).filter((name) => !values.only || name.includes(values.only));
const sum = { rounds: 0, delivered: 0, cuts: 0, lostInGaps: 0, failed: 0 };

console.log(`seed ${first}`);
const { page, close } = await openPage(url);
// Each round has its own seed, so that a round that failed can be had again alone.
for (let seed = first; sum.rounds === 0 || Date.now() < end; seed += 1) {
  for (const name of names) {
    try {
      const result = await soak(page, url, name, { seed });
      console.log(describe(result));
      for (const fault of result.faults) console.log(`  FAULT ${fault}`);
      sum.failed += result.faults.length > 0;
      sum.delivered += result.all.delivered + (result.replayed?.delivered ?? 0);
      sum.lostInGaps += result.all.lostInGaps;
      sum.cuts += result.cuts;
    } catch (error) {
      console.log(`${name}: seed ${seed}\n  FAULT ${error.message}`);
      sum.failed += 1;
    }
  }
  sum.rounds += 1;
}
await close();
console.log(
  `${sum.rounds} rounds from seed ${first}: ${sum.delivered} events delivered, ${sum.cuts} cuts, ` +
    `${sum.lostInGaps} lost in reported gaps, ${sum.failed} runs failed`,
);
process.exitCode = sum.failed > 0 ? 1 : 0;
