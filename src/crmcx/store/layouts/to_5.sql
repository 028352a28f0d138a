-- Raw pages in parts, so that no checkpoint has to hold, or write again, more than it must.
CREATE TABLE books.bodies (page_id BIGINT, part BIGINT, body BLOB);
INSERT INTO books.bodies SELECT page_id, n, body[n * 16384 + 1:(n + 1) * 16384] FROM books.pages,
    range(0, greatest(1, (octet_length(body) + 16383) // 16384)) parts(n) ORDER BY page_id, n;
ALTER TABLE books.pages DROP COLUMN body;
