import { defineConfig } from 'vitest/config';

// Makes the rooms' `#protocol`-style imports resolve to TypeScript instead of the build. A name that nobody else uses: the package
// is published with it, and has no TypeScript for an application that knows it.
const conditions = ['nestwire-source', 'node', 'import', 'default'];
/** Specs that start the built services as processes of their own. */
const processes = ['test/{e2e,browser}/**/*.spec.ts', 'test/faults/*.spec.ts', 'test/package.spec.ts'];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    exclude: ['**/node_modules/**', '**/dist/**'],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'rooms',
          include: ['{src,apps,libs,test,bench}/**/*.spec.ts'],
          exclude: processes,
          // After the others, which need the machine for themselves. These wait for sockets most of the time.
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        extends: true,
        test: {
          name: 'processes',
          include: processes,
          testTimeout: 60_000,
          // Builds once, and only when one of these specs is run.
          globalSetup: './test/e2e/checkout.ts',
          maxWorkers: 1,
          sequence: { groupOrder: 0 },
        },
      },
    ],
  },
});
