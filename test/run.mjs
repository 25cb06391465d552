// Runs the test files of the suites named on the command line (folders of test/) in node:test.
// Node 20 expands no patterns and calls an empty run a success: here an empty run is a failure.
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';

const suites = process.argv.slice(2);
const files = suites.flatMap((suite) =>
  readdirSync(new URL(`${suite}/`, import.meta.url), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) => `${entry.parentPath ?? entry.path}/${entry.name}`)
    .toSorted(),
);
if (files.length === 0) {
  console.error(`test/run.mjs: no *.test.ts found for: ${suites.join(' ') || '(no suite named)'}`);
  process.exitCode = 1;
} else {
  const args = ['--import', 'tsx', '--test', `--test-concurrency=${process.env.TEST_CONCURRENCY ?? 2}`];
  const { status } = spawnSync(process.execPath, [...args, ...files], { stdio: 'inherit' });
  process.exitCode = status ?? 1;
}
