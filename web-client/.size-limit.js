// What a bundler ships: modules. (esbuild would otherwise make a script of them, and put 0.3 kB
// before it that stand for a `require` which browsers do not have.)
const modifyEsbuildConfig = (config) => ({ ...config, format: 'esm' })

const client = 'packages/client/dist'
const react = {
  path: 'packages/react/dist/index.js',
  ignore: [
    'react',
    'react-dom',
    '*/verifier.js',
    '*/texts-ar.js',
    '*/texts-de.js',
    '*/texts-es.js',
  ],
}

export default [
  {
    name: '@tocsin/client: what a page loads first',
    path: `${client}/index.js`,
    ignore: ['*/verifier.js'],
    limit: '5 kB',
  },
  {
    name: '@tocsin/client: what verifies, fetched beside the connection',
    path: `${client}/verifier.js`,
    ignore: ['*/fallback.js'],
    limit: '7.5 kB',
  },
  {
    name: 'tocsin.js: all of it in one file, with an Ed25519 for old browsers',
    path: `${client}/tocsin.js`,
    limit: '15.2 kB',
  },
  {
    ...react,
    name: '@tocsin/react: provider, hooks, announcements, with the core',
    import: '{ TocsinProvider, useTocsin, useNotices, useFreshness, useDirective, useContacts }',
    limit: '8 kB',
  },
  {
    ...react,
    name: '@tocsin/react: the banner as well',
    import: '{ TocsinProvider, CrisisBanner }',
    limit: '11 kB',
  },
].map((check) => ({ ...check, gzip: true, modifyEsbuildConfig }))
