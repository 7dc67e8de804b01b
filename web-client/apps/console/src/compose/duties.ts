/** What a breach notice must say (45 CFR 164.404(c)(1)), asked of whoever writes it. */
export const duties = [
  { id: 'what', words: 'What happened, with the date of the breach and of its discovery' },
  { id: 'kinds', words: 'Which kinds of data were involved' },
  { id: 'protect', words: 'What people should do to protect themselves' },
  { id: 'doing', words: 'What we are doing: investigating, limiting harm, preventing another' },
  { id: 'contact', words: 'Whom to ask: a toll-free telephone, and e-mail, web site or address' },
] as const
