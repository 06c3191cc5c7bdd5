// Word count by DuckDB. node duckdb.mjs TEXT OUTPUT, in a folder where npm has installed @duckdb/node-api.
import { createRequire } from 'node:module';
import { join } from 'node:path';
const { DuckDBInstance } = createRequire(join(process.cwd(), 'package.json'))('@duckdb/node-api');
const [text, output] = process.argv.slice(2).map(path => path.replaceAll("'", "''"));
const connection = await (await DuckDBInstance.create(':memory:', { threads: '2' })).connect();

// A line is a row: no column's delimiter, quote or escape occurs in the text.
await connection.run(`
  COPY (
    SELECT word, count(*) AS n
    FROM (SELECT unnest(regexp_extract_all(line, '[A-Za-z]+')) AS word
          FROM read_csv('${text}', columns = {'line': 'VARCHAR'}, header = false, delim = '\\x01', quote = '', escape = '', auto_detect = false))
    GROUP BY word ORDER BY word
  ) TO '${output}' (HEADER false, DELIMITER ' ', QUOTE '')`);
process.exit(0);
