import { execFile } from 'node:child_process'
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { expect, saying, test } from '../kit/test.js'

const run = promisify(execFile)
const workspace = resolve(import.meta.dirname, '../..')
const app = resolve(import.meta.dirname, '../pack')

const reacts = [
  { react: '18.3.1', types: '18.3.8', dom: '18.3.7' },
  { react: '19.3.1', types: '19.3.0', dom: '19.3.0' },
] as const

for (const { react, types, dom } of reacts)
  test(`the packages as they are packed, in a new app with React ${react}`, async ({ hub }) => {
    const folder = mkdtempSync(join(tmpdir(), 'tocsin-pack-'))
    const npm = async (cwd: string, ...args: string[]) => (await run('npm', args, { cwd })).stdout
    const packages = ['@tocsin/client', '@tocsin/react'].flatMap((name) => ['-w', name])
    await npm(workspace, 'pack', ...packages, '--pack-destination', folder, '--silent')
    cpSync(app, folder, { recursive: true })
    const manifest = {
      name: 'fresh',
      private: true,
      type: 'module',
      dependencies: {
        '@tocsin/client': 'file:tocsin-client-0.1.0.tgz',
        '@tocsin/react': 'file:tocsin-react-0.1.0.tgz',
        react,
        'react-dom': react,
      },
      devDependencies: {
        '@types/react': types,
        '@types/react-dom': dom,
        typescript: '6.0.3',
        vite: '8.3.8',
      },
    }
    writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
    await npm(folder, 'install', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts')
    const bin = (name: string) => join(folder, 'node_modules/.bin', name)
    await run(bin('tsc'), ['--noEmit'], { cwd: folder })
    await run(bin('vite'), ['build', '--logLevel', 'warn'], { cwd: folder })

    await hub.publish('A notice', saying('Rendered on a server'))
    const snapshot = await (await fetch(`${hub.url}/v1/snapshot`)).text()
    writeFileSync(join(folder, 'snapshot.json'), snapshot)
    writeFileSync(join(folder, 'trust.pem'), hub.roots)
    const html = (await run(process.execPath, ['server.mjs'], { cwd: folder })).stdout
    expect(html).toContain('Rendered on a server')
    expect(html).toContain(`React ${react}`)
    expect(html, 'nothing is claimed to be live on a server').not.toContain('>Live<')
    rmSync(folder, { recursive: true })
  })
