import { randomUUID } from 'node:crypto';
import type { FileInfo, StoredFile } from '../models/file.js';
import type { AuditRepository } from '../repositories/auditRepository.js';
import type { Database, Transaction } from '../repositories/database.js';
import type { FileRepository } from '../repositories/fileRepository.js';
import type { Actor, User } from '../types/actor.js';
import type { UploadSettings } from '../types/file.js';
import type { RowRule } from '../utils/access.js';
import { ConflictError, ForbiddenError, NotFoundError, UnsupportedMediaTypeError } from '../utils/errors.js';
import { fileTypeOf, withExtension } from '../utils/fileType.js';

interface Dependencies<Row> {
  readonly database: Database;
  readonly audit: AuditRepository;
  readonly rows: { findById(tx: Transaction, actor: Actor, id: string): Promise<Row | undefined> };
  readonly mayChange: RowRule<Row>;
  readonly files: FileRepository;
}

/** Files of a resource: whoever may read a row reads them, whoever may change it adds and removes them. */
export class FileService<Row> {
  constructor(
    private readonly use: Dependencies<Row>,
    private readonly settings: UploadSettings,
  ) {}

  async list(actor: Actor, rowId: string): Promise<FileInfo[]> {
    return this.use.database.as(actor, async (tx) => {
      await this.#visible(tx, actor, rowId);
      return this.use.files.list(tx, rowId);
    });
  }

  async get(actor: Actor, rowId: string, id: string): Promise<StoredFile> {
    return this.use.database.as(actor, async (tx) => {
      await this.#visible(tx, actor, rowId);
      const file = await this.use.files.find(tx, rowId, id);
      if (file === undefined) {
        throw new NotFoundError();
      }
      return file;
    });
  }

  async add(actor: User, rowId: string, name: string, content: Buffer): Promise<FileInfo> {
    const { resource, types, most } = this.settings;
    const type = ⟦file-type│fileTypeOf(content)│fileTypeOf(content) ?? types[0]⟧;
    if (type === undefined || !types.includes(type)) {
      throw new UnsupportedMediaTypeError(`Only these files are taken: ${types.join(', ')}.`);
    }
    return this.use.database.as(actor, async (tx) => {
      await this.#changeable(tx, actor, rowId);
      if (⟦file-count│(await this.use.files.count(tx, rowId)) >= most│false⟧) {
        throw new ConflictError(`There are ${most} files already.`);
      }
      const id = randomUUID();
      const file = await this.use.files.add(tx, { id, rowId, name: ⟦file-extension│withExtension(name, type)│name⟧, type, size: content.length, content });
⟦file-audit│      await this.use.audit.record(tx, actor, { action: `${resource}.file_added`, resourceId: rowId, details: { file: id } });
⟧      return file;
    });
  }

  async remove(actor: User, rowId: string, id: string): Promise<void> {
    await this.use.database.as(actor, async (tx) => {
      await this.#changeable(tx, actor, rowId);
      if (!(await this.use.files.remove(tx, rowId, id))) {
        throw new NotFoundError();
      }
⟦file-audit│      await this.use.audit.record(tx, actor, { action: `${this.settings.resource}.file_removed`, resourceId: rowId, details: { file: id } });
⟧    });
  }

  async #changeable(tx: Transaction, actor: User, rowId: string): Promise<void> {
    const row = await this.#visible(tx, actor, rowId);
    if (⟦file-rule│!this.use.mayChange(actor, row)│false⟧) {
      throw new ForbiddenError();
    }
  }

  /** A row that the actor may not read does not exist for them, and neither do its files. */
  async #visible(tx: Transaction, actor: Actor, rowId: string): Promise<Row> {
    const row = await this.use.rows.findById(tx, actor, rowId);
    if (row === undefined) {
      throw new NotFoundError();
    }
    return row;
  }
}
