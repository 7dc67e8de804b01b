// The one file for a <script> tag, which the edge serves as /tocsin.js: `new Tocsin({…})`,
// and `Tocsin.chooseInfo`. It holds all of it, what verifies included.

import { chooseInfo, Tocsin } from './index.js'

Object.assign(globalThis, { Tocsin: Object.assign(Tocsin, { chooseInfo }) })
