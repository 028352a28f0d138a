-- Deletions, watermarks, raw pages that can be taken apart again.
ALTER TABLE books.runs ADD COLUMN "kind" VARCHAR DEFAULT 'sync';
ALTER TABLE books.runs ALTER COLUMN "kind" DROP DEFAULT;
ALTER TABLE books.streams ADD COLUMN "watermark" VARCHAR;
ALTER TABLE books.streams ADD COLUMN "whole_us" BIGINT;
ALTER TABLE books.streams ADD COLUMN "fields" VARCHAR;
ALTER TABLE books.pages ADD COLUMN "form" VARCHAR;
ALTER TABLE books.pages ADD COLUMN "seen_us" BIGINT;
UPDATE books.pages SET seen_us = fetched_us;
ALTER TABLE books.quarantine ADD COLUMN "record" VARCHAR;
ALTER TABLE books.commits ADD COLUMN "deleted" BIGINT DEFAULT 0;
ALTER TABLE books.commits ALTER COLUMN "deleted" DROP DEFAULT;
CREATE TABLE books.deleted (table_name VARCHAR, key BIGINT, source VARCHAR, source_id VARCHAR, stream VARCHAR,
    version BIGINT, deleted_us BIGINT, raw_ref BIGINT, how VARCHAR, said VARCHAR);
CREATE TABLE books.present (source VARCHAR, stream VARCHAR, pass_id BIGINT, table_name VARCHAR, key BIGINT);
