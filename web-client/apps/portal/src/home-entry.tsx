import { boot } from './boot.js'
import { HomePage } from './home/home-page.js'

void boot('portal', <HomePage />)
