/* SPDX-License-Identifier: Apache-2.0
 *
 * A disk to be afraid of: files in memory that behave as a real disk may. What was written and not
 * synced is kept, dropped, reordered or torn at a 512-byte sector when the power goes, by the seed.
 * A name made, renamed or removed is only sure after sync_dir of its folder. A failed write may
 * have written a part, a failed sync has lost what it was to save. For any number of threads.
 */
#ifndef WEIR_SYS_FAULTY_H
#define WEIR_SYS_FAULTY_H

#include "sys/file.h"

struct faulty;

struct faulty *faulty_new(uint64_t seed);
void faulty_free(struct faulty *disk); /* after every file of it was closed */
const struct files *faulty_files(struct faulty *disk);

/* Doors that a test turns. Operations are counted from 1 over every file. */
/* Whatever `with` is, a file's sync fails with ERR_IO. */
void faulty_fail_at(struct faulty *disk, uint64_t operation, status with); /* once; 0: never */
void faulty_cut_at_sync(struct faulty *disk, uint64_t sync); /* power goes during that sync */
void faulty_space(struct faulty *disk, uint64_t bytes);      /* ERR_FULL beyond */
void faulty_sync_delay(struct faulty *disk, uint32_t delay_us);
uint64_t faulty_operations(const struct faulty *disk);
uint64_t faulty_syncs(const struct faulty *disk);
/* After the power went every call gives ERR_IO until faulty_power(): the disk then holds what
 * survived. Open files are dead and still need their close. */
bool faulty_dark(const struct faulty *disk);
void faulty_cut(struct faulty *disk);
void faulty_power(struct faulty *disk);

#endif
