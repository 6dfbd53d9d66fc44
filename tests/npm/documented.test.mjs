// Whatever an entry of the package exports says what it is, where an editor shows it.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import test from 'node:test';

import { root } from '../e2e/server.mjs';

const ts = createRequire(`${root}pkg/`)('typescript');
const { exports } = JSON.parse(await readFile(`${root}pkg/package.json`, 'utf8'));
const entries = Object.entries(exports)
  .map(([entry, targets]) => [entry.replace('.', 'tidewire'), targets.types])
  .filter(([, types]) => types !== undefined);
const program = ts.createProgram(
  entries.map(([, types]) => join(root, 'pkg', types)),
  { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, noEmit: true },
);
const checker = program.getTypeChecker();

for (const [entry, types] of entries) {
  test(`every name that ${entry} exports is documented, and every member of it`, () => {
    const module = checker.getSymbolAtLocation(program.getSourceFile(join(root, 'pkg', types)));
    const seen = new Set();
    const bare = undocumented(checker.getExportsOfModule(module), entry, seen);
    assert.ok(seen.size > 0, 'it exports something');
    assert.deepEqual(bare, []);
    console.log(`# ${entry}: ${seen.size} names and members`);
  });
}

test('the API reference is made of the same words, and every link in them leads somewhere', () => {
  const typedoc = join(root, 'pkg/node_modules/typedoc/bin/typedoc');
  const options = { cwd: join(root, 'pkg'), encoding: 'utf8' };
  const made = spawnSync(process.execPath, [typedoc, '--emit', 'none'], options);
  assert.equal(made.status, 0, made.stderr + made.stdout);
});

test('a name without a word is found', () => {
  const file = 'bare.ts';
  const text =
    '/** Said. */\nexport interface Said {\n/** Too. */\na: 1;\nb: 2 }\nexport const bare = 1;\n';
  const host = ts.createCompilerHost({});
  const { getSourceFile } = host;
  host.getSourceFile = (name, ...rest) =>
    name === file ? ts.createSourceFile(name, text, ...rest) : getSourceFile(name, ...rest);
  const source = ts.createProgram([file], { noLib: true }, host);
  const names = source.getTypeChecker();
  const module = names.getSymbolAtLocation(source.getSourceFile(file));
  const found = undocumented(names.getExportsOfModule(module), 'own', new Set(), names);
  assert.deepEqual(found, ['own.Said.b', 'own.bare']);
});

/** The names without documentation among these symbols, their members and what they hold. */
function undocumented(symbols, path, seen, names = checker) {
  return symbols.flatMap((alias) => {
    const symbol = alias.flags & ts.SymbolFlags.Alias ? names.getAliasedSymbol(alias) : alias;
    const { declarations = [] } = symbol;
    const own = declarations.filter((it) => !it.getSourceFile().isDeclarationFile || ours(it));
    if (seen.has(symbol) || own.length === 0) return [];
    seen.add(symbol);
    const name = `${path}.${symbol.name}`;
    const isModule = (symbol.flags & ts.SymbolFlags.ValueModule) !== 0;
    const bare = !isModule && !isDocumented(symbol, names) ? [name] : [];
    // A category's doc is the list of its types, which it consists of.
    const lists = symbol.name.endsWith('Categories');
    const inner = isModule
      ? names.getExportsOfModule(symbol)
      : !lists && own.some((it) => ts.isInterfaceDeclaration(it) || ts.isClassDeclaration(it))
        ? [...symbol.members.values()].filter(isPublic)
        : [];
    return [...bare, ...undocumented(inner, name, seen, names)];
  });
}

function ours(declaration) {
  return declaration.getSourceFile().fileName.startsWith(`${root}pkg/dist/`);
}

function isDocumented(symbol, names) {
  return (
    symbol.getDocumentationComment(names).length > 0 || symbol.getJsDocTags(names).length > 0
  );
}

/** What a user may name: not a type parameter, a private member or the constructor. */
function isPublic(member) {
  const { TypeParameter, Constructor, Signature } = ts.SymbolFlags;
  const hidden = TypeParameter | Constructor | Signature;
  return (
    (member.flags & hidden) === 0 &&
    !member.name.startsWith('__') &&
    member.declarations.every((it) => !it.name || !ts.isPrivateIdentifier(it.name))
  );
}
