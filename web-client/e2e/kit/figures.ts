import type { Reporter, TestCase } from '@playwright/test/reporter'

/** Prints at the end what tests measured, which the list of them leaves out. */
export default class Figures implements Reporter {
  private readonly lines: string[] = []

  onTestEnd({ title, annotations }: TestCase): void {
    for (const { description } of annotations)
      if (description) this.lines.push(`  ${title}\n    ${description}`)
  }

  onEnd(): void {
    if (this.lines.length > 0) console.log(`\nMeasured:\n${this.lines.join('\n')}`)
  }
}
