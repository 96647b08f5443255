import { and, asc, count, eq, sql } from 'drizzle-orm';
import type { FileInfo, FileTable, StoredFile } from '../models/file.js';
import type { Transaction } from './database.js';

export class FileRepository {
  constructor(private readonly files: FileTable) {}

  async list(tx: Transaction, rowId: string): Promise<FileInfo[]> {
    return tx.select(this.#info()).from(this.files).where(eq(this.files.rowId, rowId)).orderBy(asc(this.files.createdAt), asc(this.files.id));
  }

  async find(tx: Transaction, rowId: string, id: string): Promise<StoredFile | undefined> {
    const [file] = await tx.select().from(this.files).where(this.#one(rowId, id)).limit(1);
    return file;
  }

  /** How many files a row has. Until the transaction ends, nobody else counts them. */
  async count(tx: Transaction, rowId: string): Promise<number> {
    await tx.execute(sql`select pg_advisory_xact_lock(hashtextextended(${rowId}, 0))`);
    const [row] = await tx.select({ files: count() }).from(this.files).where(eq(this.files.rowId, rowId));
    return row?.files ?? 0;
  }

  async add(tx: Transaction, file: Omit<StoredFile, 'createdAt'>): Promise<FileInfo> {
    const [added] = await tx.insert(this.files).values(file).returning(this.#info());
    if (added === undefined) {
      throw new Error('the insert returned no row');
    }
    return added;
  }

  async remove(tx: Transaction, rowId: string, id: string): Promise<boolean> {
    const removed = await tx.delete(this.files).where(this.#one(rowId, id)).returning({ id: this.files.id });
    return removed.length > 0;
  }

  /** A file is found through its own row only: what may be done with it was asked of that row. */
  #one(rowId: string, id: string) {
    return and(eq(this.files.id, id), ⟦file-row│eq(this.files.rowId, rowId)│undefined⟧);
  }

  /** Everything but the content. */
  #info() {
    const { id, name, type, size, createdAt } = this.files;
    return { id, name, type, size, createdAt };
  }
}
