// The clinician of the demo: drawn, moving, with a clock that shows that the picture
// plays on. It stands for what a video service would send.

const framesPerSecond = 24

/** Draws on the canvas until what is returned is called. */
export function play(canvas: HTMLCanvasElement): () => void {
  const context = canvas.getContext('2d')
  if (!context) return () => {}
  const start = performance.now()
  let frame = 0
  let last = 0
  const draw = (now: number) => {
    frame = requestAnimationFrame(draw)
    if (now - last < 1000 / framesPerSecond - 1) return
    last = now
    paint(context, (now - start) / 1000)
  }
  paint(context, 0)
  frame = requestAnimationFrame(draw)
  return () => cancelAnimationFrame(frame)
}

function paint(c: CanvasRenderingContext2D, seconds: number): void {
  const { width, height } = c.canvas
  c.setTransform(width / 640, 0, 0, height / 360, 0, 0)
  room(c, seconds)
  const sway = Math.sin(seconds * 0.8) * 5
  const breath = Math.sin(seconds * 1.6) * 1.5
  c.save()
  c.translate(320 + sway, 0)
  body(c, breath)
  c.translate(sway * 0.4, breath)
  c.rotate(Math.sin(seconds * 0.6) * 0.02)
  head(c, seconds)
  c.restore()
  clock(c, seconds)
}

function room(c: CanvasRenderingContext2D, seconds: number): void {
  const wall = c.createLinearGradient(0, 0, 640, 360)
  wall.addColorStop(0, '#c8dedb')
  wall.addColorStop(1, '#8fb3b1')
  c.fillStyle = wall
  c.fillRect(0, 0, 640, 360)
  c.fillStyle = '#eaf3f4'
  c.fillRect(440, 40, 150, 170)
  c.fillStyle = '#bcd9e6'
  c.fillRect(448, 48, 134, 154)
  c.fillStyle = '#f4f9fb'
  const drift = ((seconds * 6) % 200) - 40
  c.save()
  c.beginPath()
  c.rect(448, 48, 134, 154)
  c.clip()
  disc(c, 448 + drift, 90, 16)
  disc(c, 466 + drift, 84, 20)
  disc(c, 488 + drift, 92, 15)
  c.restore()
  c.fillStyle = '#eaf3f4'
  c.fillRect(511, 48, 8, 154)
  c.fillStyle = '#6d8f8d'
  c.fillRect(40, 120, 150, 8)
  const books = ['#375f6b', '#b9743f', '#4d7d66', '#8a5a6b', '#385f87']
  books.forEach((colour, i) => {
    c.fillStyle = colour
    c.fillRect(52 + i * 22, 70 + (i % 3) * 7, 16, 50 - (i % 3) * 7)
  })
}

function body(c: CanvasRenderingContext2D, breath: number): void {
  c.fillStyle = '#f7fafa'
  c.beginPath()
  c.moveTo(-130, 370)
  c.bezierCurveTo(-126, 270 - breath, -80, 252 - breath, -30, 244 - breath)
  c.lineTo(30, 244 - breath)
  c.bezierCurveTo(80, 252 - breath, 126, 270 - breath, 130, 370)
  c.fill()
  c.fillStyle = '#2f7d86'
  c.beginPath()
  c.moveTo(-30, 244 - breath)
  c.lineTo(0, 320)
  c.lineTo(30, 244 - breath)
  c.fill()
  c.strokeStyle = '#34474d'
  c.lineWidth = 5
  c.beginPath()
  c.moveTo(-42, 250)
  c.bezierCurveTo(-50, 320, -10, 330, -6, 345)
  c.stroke()
  c.fillStyle = '#a86f4c'
  c.fillRect(-20, 205, 40, 48)
}

function head(c: CanvasRenderingContext2D, seconds: number): void {
  c.fillStyle = '#2b2220'
  c.beginPath()
  c.ellipse(0, 146, 68, 76, 0, 0, Math.PI * 2)
  c.fill()
  c.fillStyle = '#b87d58'
  c.beginPath()
  c.ellipse(0, 160, 52, 64, 0, 0, Math.PI * 2)
  c.fill()
  c.fillStyle = '#2b2220'
  c.beginPath()
  c.moveTo(-56, 140)
  c.quadraticCurveTo(-44, 112, 12, 102)
  c.quadraticCurveTo(44, 112, 56, 140)
  c.bezierCurveTo(58, 70, -58, 70, -56, 140)
  c.fill()
  const shut = seconds % 4 < 0.15 ? 0.15 : 1
  for (const side of [-20, 20]) {
    c.fillStyle = '#241a17'
    c.beginPath()
    c.ellipse(side, 154, 5, 6 * shut, 0, 0, Math.PI * 2)
    c.fill()
    c.strokeStyle = '#2b2220'
    c.lineWidth = 3
    c.beginPath()
    c.moveTo(side - 9, 139)
    c.quadraticCurveTo(side, 135, side + 9, 139)
    c.stroke()
  }
  const talking = Math.sin(seconds * 0.5) > -0.2 ? Math.abs(Math.sin(seconds * 5.5)) * 7 : 0
  c.fillStyle = '#7c3b34'
  c.beginPath()
  c.ellipse(0, 194, 14, 3 + talking, 0, 0, Math.PI * 2)
  c.fill()
}

function clock(c: CanvasRenderingContext2D, seconds: number): void {
  const whole = Math.floor(seconds)
  const two = (n: number) => String(n).padStart(2, '0')
  c.fillStyle = 'rgb(15 28 32 / 78%)'
  c.beginPath()
  c.roundRect(14, 14, 92, 30, 6)
  c.fill()
  c.fillStyle = '#6fd3a4'
  disc(c, 30, 29, 5)
  c.fillStyle = '#ffffff'
  c.font = '600 16px system-ui, sans-serif'
  c.textBaseline = 'middle'
  c.fillText(`${two(Math.floor(whole / 60))}:${two(whole % 60)}`, 42, 30)
}

function disc(c: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  c.beginPath()
  c.arc(x, y, radius, 0, Math.PI * 2)
  c.fill()
}
