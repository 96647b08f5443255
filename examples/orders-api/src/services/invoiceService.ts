import { exec, execFile } from 'child_process'
import { readFile } from 'fs/promises'
import path from 'path'
import { promisify } from 'util'

const run = promisify(exec)
const runFile = promisify(execFile)

export class InvoiceService {
  constructor(private readonly folder: string) {}

  /** Reads an invoice by its file name. */
  read(name: string): Promise<Buffer> {
    return readFile(path.join(this.folder, name))
  }

  /** Reads an invoice of earlier years; only below the archive. */
  async readArchived(name: string): Promise<Buffer> {
    const archive = path.resolve(this.folder, 'archive')
    const file = path.resolve(archive, name)
    if (!file.startsWith(archive + path.sep)) {
      throw new Error('not in the archive')
    }
    return readFile(file)
  }

  /** Prints an order as PDF. */
  async print(orderId: string, title: string): Promise<string> {
    const file = `${Number(orderId)}.pdf`
    await run(`wkhtmltopdf --title "${title}" http://localhost:3000/print/${Number(orderId)} ${file}`, { cwd: this.folder })
    return file
  }

  /** Counts the pages of a printed invoice. */
  async countPages(number: string): Promise<number> {
    if (!/^[0-9]{1,12}$/.test(number)) {
      throw new Error('not the number of an invoice')
    }
    const { stdout } = await runFile('pdfinfo', [`${number}.pdf`], { cwd: this.folder })
    return Number(/Pages:\s+(\d+)/.exec(stdout)?.[1] ?? 0)
  }
}
