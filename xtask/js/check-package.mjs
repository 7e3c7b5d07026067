// publint and "are the types wrong" on the packed tarball: node check-package.mjs TARBALL.
// Runs in tests/, whose node_modules hold both.
import { readFileSync } from 'node:fs';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { problemKindInfo } from '@arethetypeswrong/core/problems';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';

const tarball = readFileSync(process.argv.at(-1));
let passed = 0;
let failed = 0;
const report = (name, problems) => {
  if (problems.length === 0) passed += 1;
  else failed += 1;
  console.log(`${problems.length === 0 ? 'ok' : 'not ok'} - ${name}`);
  for (const problem of problems) console.log(`    ${problem}`);
};

const buffer = tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength);
const { messages, pkg } = await publint({ pack: { tarball: buffer }, strict: true, level: 'warning' });
report('publint', messages.map((message) => formatMessage(message, pkg, { color: false })));

// The package holds ES modules only: resolution by Node 10 and by require() is left out.
const relevant = (problem) =>
  !['node10', 'node16-cjs'].includes(problem.resolutionKind) && problem.kind !== 'CJSResolvesToESM';
const analysis = await checkPackage(createPackageFromTarballData(new Uint8Array(tarball)), {
  excludeEntrypoints: [/\.wasm$/, './package.json'],
});
if (!analysis.types) {
  report('attw', ['the package has no types']);
} else {
  const problems = analysis.problems.filter(relevant);
  const words = (problem) => `${problemKindInfo[problem.kind].title}: ${problem.resolutionKind ?? problem.resolutionOption ?? ''}`;
  for (const entrypoint of Object.keys(analysis.entrypoints)) {
    report(`attw ${entrypoint}`, problems.filter((problem) => problem.entrypoint === entrypoint).map(words));
  }
  const others = problems.filter((problem) => problem.entrypoint === undefined);
  if (others.length > 0) report('attw, whole package', others.map(words));
}
console.log(`# pass ${passed}\n# fail ${failed}`);
process.exitCode = failed === 0 ? 0 : 1;
