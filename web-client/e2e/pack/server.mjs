import { readFileSync } from 'node:fs'
import { CrisisBanner, renderableSeed, TocsinProvider } from '@tocsin/react'
import { createElement, version } from 'react'
import { renderToString } from 'react-dom/server'

const roots = readFileSync('trust.pem', 'utf8')
const snapshot = readFileSync('snapshot.json', 'utf8')
const initial = await renderableSeed(snapshot, roots, { allowDev: true })
const page = createElement(TocsinProvider, { roots, initial }, createElement(CrisisBanner))
console.log(`React ${version}`, renderToString(page))
