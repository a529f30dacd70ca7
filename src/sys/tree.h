/* SPDX-License-Identifier: Apache-2.0
 *
 * Trees of files: what an archive unpacks to. Everything is made below one folder and nowhere else,
 * whatever names and links say: a name never goes through a link. For what can be made again;
 * weir's own storage uses file.h.
 */
#ifndef WEIR_SYS_TREE_H
#define WEIR_SYS_TREE_H

#include "base/error.h"
#include "base/str.h"

#define TREE_NAME_BYTES_MAX 4096

struct tree;

/* The folder at path, made when it is missing, with those above it. */
status tree_open(const char *path, struct tree **ret_tree);
/* NULL is fine. */
void tree_close(struct tree *tree);
/* Everything in it, on the disk, and its names. */
status tree_sync(struct tree *tree);

/* Names are relative, parts between single slashes, none of them "." or "..": ERR_MALFORMED. A file
 * or link of that name is taken away before; a folder stays (and nothing else can have its name:
 * ERR_MALFORMED). Folders above are made, also where a link or a file is. */
status tree_folder(struct tree *tree, struct str name);
status tree_link(struct tree *tree, struct str name, struct str to);
/* One file at a time is written: begin, pieces, end. runs: it may be executed. */
status tree_file_begin(struct tree *tree, struct str name, bool runs);
status tree_file_add(struct tree *tree, struct str piece);
status tree_file_end(struct tree *tree);

/* A name as it may be: as said above. */
bool tree_name_good(struct str name);
/* A link of that name leads to a place in its tree, as its text says. */
bool tree_link_good(struct str name, struct str to);

/* Whole folders by paths of weir's own. ERR_EXISTS when to is there and not empty. */
status tree_move(const char *from, const char *to);
bool tree_is_there(const char *path);
void tree_remove(const char *path); /* with what is in it; as far as it goes */

#endif
