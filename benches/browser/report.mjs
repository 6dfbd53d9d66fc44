// What was found, for people.

import { digits, ratio, shownRatio, spread } from './statistics.mjs';

export const OURS = 'tidewire';

/** A line for each candidate: its time, its speed, and how much longer it took than ours. */
export function printTask(result, say) {
  say(
    `\n${result.name}: ${result.events} events, ${digits(result.bytes / 1e6)} MB, ${result.rounds} rounds`,
  );
  const ours = result.candidates[OURS].times;
  for (const [name, { times, wrong }] of Object.entries(result.candidates)) {
    const found = spread(times);
    const time = found
      ? `${digits(found.median)} ms (${digits(found.low)} to ${digits(found.high)})`
      : '-';
    const speed = found ? `${digits(result.bytes / found.median / 1e3)} MB/s` : '-';
    const against = name === OURS ? '' : `${shownRatio(ratio(times, ours))} times ours`;
    say(
      `  ${name.padEnd(26)}${time.padEnd(28)}${speed.padEnd(12)}${against}${wrong ? `  WRONG: ${wrong}` : ''}`,
    );
  }
}

export function printHold({ events, candidates }, say) {
  say(`\na burst of ${events} events over loopback HTTP, parsed: the longest task`);
  for (const [name, { longest, frames }] of Object.entries(candidates)) {
    const [task, frame] = [spread(longest), spread(frames)];
    say(`  ${name.padEnd(26)}${shownTime(task)}; between frames ${shownTime(frame)}`);
  }
}

export function printLatency(results, say) {
  say('\nlatency of a lone event, from its bytes to its handler:');
  for (const [name, times] of Object.entries(results)) {
    const { median, low, high } = spread(times.map((time) => time * 1000));
    say(`  ${name.padEnd(26)}${digits(median)} µs (${digits(low)} to ${digits(high)})`);
  }
}

function shownTime({ median, low, high }) {
  return `${digits(median)} ms (${digits(low)} to ${digits(high)})`;
}
