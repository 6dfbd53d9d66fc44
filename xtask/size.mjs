// The sizes of the files named on the command line: raw, gzip -9, brotli -q 11.
// With --json the same as data, in bytes.
import { readFileSync } from 'node:fs';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const paths = process.argv.slice(2);
const json = paths[0] === '--json' && paths.shift() !== undefined;

const rows = paths.map((path) => {
  const bytes = readFileSync(path);
  return {
    file: path.replaceAll('\\', '/'),
    raw: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, {
      params: {
        [constants.BROTLI_PARAM_QUALITY]: 11,
        [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
      },
    }).length,
  };
});

if (json) {
  console.log(JSON.stringify(rows, null, 2));
} else {
  const width = Math.max(4, ...rows.map(({ file }) => file.length));
  const line = (file, ...sizes) =>
    file.padEnd(width) + sizes.map((size) => String(size).padStart(11)).join('');
  const grouped = (bytes) => bytes.toLocaleString('en-US');
  console.log(line('file', 'raw', 'gzip', 'brotli'));
  for (const { file, raw, gzip, brotli } of rows) {
    console.log(line(file, grouped(raw), grouped(gzip), grouped(brotli)));
  }
}
