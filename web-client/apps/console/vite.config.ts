import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'
import { strictBuild } from '../../vite.base'

export default defineConfig({
  base: '/',
  plugins: [react()],
  build: strictBuild,
  server: { proxy: { '/v1': 'http://127.0.0.1:8081' } },
})
