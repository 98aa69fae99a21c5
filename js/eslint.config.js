import js from '@eslint/js';
import globals from 'globals';

export default [
  { ignores: ['types/', 'dist/', 'playground/dist/', 'src/*.gen.js'] },
  js.configs.recommended,
  {
    languageOptions: {
      ecmaVersion: 2024,
      sourceType: 'module',
      globals: { ...globals['shared-node-browser'], Worker: false, setImmediate: false },
    },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'array-callback-return': 'error',
      'default-case-last': 'error',
      eqeqeq: 'error',
      'max-len': ['error', { code: 100, ignoreUrls: true, ignorePattern: 'import\\(' }],
      'max-lines': ['error', 500],
      'max-lines-per-function': ['error', { max: 70, skipComments: true }],
      'no-shadow': 'error',
      'no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      'no-var': 'error',
      'object-shorthand': 'error',
      'prefer-const': 'error',
      'prefer-template': 'off',
      'no-warning-comments': 'error',
    },
  },
  {
    files: ['src/node.js', 'src/node/**', 'test/**', 'examples/**', 'playground/build.js', '*.js'],
    languageOptions: { globals: globals.node },
  },
  {
    files: [
      'playground/**/*.js',
      'bench-page.js',
      'test/playground*.js',
      'test/learn.test.js',
      'test/learn/*.js',
    ],
    ignores: ['playground/build.js'],
    languageOptions: { globals: globals.browser },
  },
  {
    files: ['test/playground*.js'],
    languageOptions: { globals: { ...globals.node, ...globals.browser } },
  },
  // Sentences are not cut.
  { files: ['playground/words.*.js'], rules: { 'max-len': 'off' } },
];
