// The type tests of the package fail when a narrowing breaks: each declaration that narrows is
// loosened in turn, and the compiler must find a case that was to be refused and is not.

import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import test from 'node:test';

import { root } from '../e2e/server.mjs';

const ts = createRequire(`${root}pkg/`)('typescript');
const { options, fileNames } = parsed(`${root}pkg/type-tests/tsconfig.json`);
const program = compiled();

test('the type tests pass as the declarations are', () => {
  assert.deepEqual(messages(program), []);
});

/** What is loosened, in which file, and how. */
const LOOSENED = [
  ['a filter that narrows nothing', 'event', /(type Selected<.*?> = ).*?;\n/s, '$1KnownType<P>;\n'],
  [
    'a filter whose categories do not count',
    'event',
    'TypesInCategories<P, Exclude<Category, AnyName>> | ',
    '',
  ],
  ['a filter whose types do not count', 'event', ' | TypesCalled<P, Exclude<Type, AnyName>>', ''],
  ['a type that is any text', 'event', 'type: Type;', 'type: string;'],
  ['a category that is any text', 'event', 'category: Category;', 'category: string | null;'],
  ['a payload that is anything', 'event', 'data: Data;', 'data: any;'],
  ['an unknown payload that is anything', 'event', 'null, unknown,', 'null, any,'],
  ['a profile that carries no types', 'profile', 'events: Events;', 'events: any;'],
  ['a filter that may name anything', 'options', 'readonly Allowed[]', 'readonly string[]'],
  ['a change of the filter to any names', 'stream', '(filter: FilterChange<P>)', '(filter: object)'],
];

for (const [name, file, declaration, replacement] of LOOSENED) {
  test(`the type tests would find ${name}`, () => loosened(name, file, declaration, replacement));
}

/** Compiles with one declaration of the package being another. */
function loosened(name, file, declaration, replacement) {
  const path = `${root}pkg/dist/${file}.d.ts`;
  const text = ts.sys.readFile(path);
  const changed = text.replace(declaration, replacement);
  assert.notEqual(changed, text, 'the declaration is there');
  const found = messages(compiled({ path, text: changed }));
  assert.notEqual(found.length, 0);
  console.log(`# ${name}: ${found.length} messages`);
}

function parsed(path) {
  const { config } = ts.readConfigFile(path, ts.sys.readFile);
  return ts.parseJsonConfigFileContent(config, ts.sys, `${root}pkg/type-tests`);
}

/** The type tests, with one file of the package in another form. */
function compiled(other) {
  const host = ts.createCompilerHost(options);
  const { getSourceFile } = host;
  host.getSourceFile = (path, ...rest) => {
    if (path === other?.path) return ts.createSourceFile(path, other.text, ...rest);
    // What was parsed once need not be again.
    return (other && program.getSourceFile(path)) ?? getSourceFile(path, ...rest);
  };
  return ts.createProgram(fileNames, options, host);
}

/** What the compiler says of the type tests, and of them alone. */
function messages(program) {
  return fileNames.flatMap((name) => {
    const diagnostics = program.getSemanticDiagnostics(program.getSourceFile(name));
    return diagnostics.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, '\n'));
  });
}
