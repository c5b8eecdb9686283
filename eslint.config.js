// The rules that eslint checks in every JavaScript file: what is wrong, and lines of at most 110 columns.
// Does not check types: tsconfig.json does.

import js from '@eslint/js';
import { defineConfig, globalIgnores } from 'eslint/config';
import globals from 'globals';

export default defineConfig([
  // The files of bench/inside are function expressions, which Playwright evaluates; they are no modules.
  globalIgnores(['dist/', '.vitrine/', 'bench/inside/']),
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{js,mjs}'],
    extends: [js.configs.recommended],
    rules: {
      eqeqeq: 'error',
      'max-len': ['error', { code: 110 }],
      'no-implicit-globals': 'error',
      'no-unused-vars': 'error',
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
    },
  },
  {
    files: ['static/**'],
    ignores: ['static/{worker,frames,pixels,store}.js'],
    languageOptions: { globals: globals.browser },
  },
  { files: ['bench/{page,cpu_pages}/**'], languageOptions: { globals: globals.browser } },
  { files: ['static/{worker,frames,pixels,store}.js'], languageOptions: { globals: globals.worker } },
  { files: ['tests/node/**', '**/*.mjs'], languageOptions: { globals: globals.node } },
  {
    files: ['tests/page/spy.js'],
    languageOptions: { sourceType: 'script', globals: { ...globals.browser, spy: 'writable' } },
    rules: { 'no-implicit-globals': 'off' },
  },
]);
