/* SPDX-License-Identifier: Apache-2.0
 *
 * Chunked bodies (RFC 9112, 7.1), in any split.
 *
 *   SIZE --;--> EXTENSION --CR--> SIZE_LF --LF--> DATA --> DATA_CR --> DATA_LF --> SIZE ...
 *     '---------CR---------------^    '--LF, size 0--> TRAILER --CR--> END_LF --LF--> DONE
 *                                                        |  ^
 *                                          TRAILER_LINE --CR--> TRAILER_LF
 *
 * Strict: 1 to 15 hexadecimal digits and no space behind them, CR LF everywhere. Extensions and
 * trailers are checked, bounded together by EXTRA_BYTES_MAX, and forgotten.
 */
#include "net/http1_parse.h"

#define SIZE_DIGITS_MAX 15
#define LINE_BYTES_MAX 4096
#define EXTRA_BYTES_MAX HTTP_HEAD_BYTES_MAX

static int hex_value(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* One more byte of an extension or trailer. */
static bool extra_fits(struct chunk_reader *r)
{
    return ++r->line_bytes <= LINE_BYTES_MAX && ++r->extra_bytes <= EXTRA_BYTES_MAX;
}

static bool is_text(char c)
{
    unsigned char u = (unsigned char)c;

    return u == '\t' || (u >= 0x20 && u != 0x7f);
}

static bool read_size(struct chunk_reader *r, char c)
{
    int digit = hex_value(c);

    if (digit >= 0) {
        r->left = r->left * 16 + (uint64_t)digit;
        return ++r->digits <= SIZE_DIGITS_MAX;
    }
    if (r->digits == 0) {
        return false;
    }
    r->line_bytes = 0;
    if (c == ';') {
        r->state = CHUNK_EXTENSION;
        return true;
    }
    r->state = CHUNK_SIZE_LF;
    return c == '\r';
}

static bool read_trailer(struct chunk_reader *r, char c)
{
    if (c == '\r') {
        r->state = CHUNK_TRAILER_LF;
        return r->colon;
    }
    if (!r->colon && c == ':') {
        r->colon = true;
        return r->line_bytes > 0 && extra_fits(r);
    }
    return (r->colon ? is_text(c) : http_token[(unsigned char)c] != 0) && extra_fits(r);
}

/* One byte of anything but data. */
static bool read_byte(struct chunk_reader *r, char c)
{
    switch (r->state) {
    case CHUNK_SIZE:
        return read_size(r, c);
    case CHUNK_EXTENSION:
        if (c == '\r') {
            r->state = CHUNK_SIZE_LF;
            return true;
        }
        return is_text(c) && extra_fits(r);
    case CHUNK_SIZE_LF:
        r->state = r->left > 0 ? CHUNK_DATA : CHUNK_TRAILER;
        return c == '\n';
    case CHUNK_DATA_CR:
        r->state = CHUNK_DATA_LF;
        return c == '\r';
    case CHUNK_DATA_LF:
        r->state = CHUNK_SIZE;
        r->left = r->digits = 0;
        return c == '\n';
    case CHUNK_TRAILER:
        if (c == '\r') {
            r->state = CHUNK_END_LF;
            return true;
        }
        r->state = CHUNK_TRAILER_LINE;
        r->line_bytes = 0;
        r->colon = false;
        return ++r->trailers <= HTTP_HEADERS_MAX && read_trailer(r, c);
    case CHUNK_TRAILER_LINE:
        return read_trailer(r, c);
    case CHUNK_TRAILER_LF:
        r->state = CHUNK_TRAILER;
        return c == '\n';
    case CHUNK_END_LF:
        r->state = CHUNK_DONE;
        return c == '\n';
    case CHUNK_DATA:
    case CHUNK_DONE:
        break;
    }
    return false;
}

size_t chunk_read(struct chunk_reader *reader, struct str bytes, struct str *ret_data,
                  bool *ret_fine)
{
    size_t at = 0;

    *ret_data = STR_NONE;
    *ret_fine = true;
    while (at < bytes.bytes && reader->state != CHUNK_DONE) {
        if (reader->state == CHUNK_DATA) {
            size_t rest = bytes.bytes - at;
            size_t piece = rest < reader->left ? rest : (size_t)reader->left;

            *ret_data = str_of(bytes.at + at, piece);
            reader->left -= piece;
            if (reader->left == 0) {
                reader->state = CHUNK_DATA_CR;
            }
            return at + piece;
        }
        if (!read_byte(reader, bytes.at[at])) {
            *ret_fine = false;
            return at;
        }
        at++;
    }
    return at;
}
