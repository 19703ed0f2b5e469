/* SPDX-License-Identifier: GPL-2.0 */
/* From 64-bit keys to indices. */
#ifndef GILREPORT_MAP_H
#define GILREPORT_MAP_H

#include <stddef.h>
#include <stdint.h>

#define NONE UINT32_MAX

struct map_entry {
	uint64_t key;
	uint32_t value;
	uint32_t used;
};

struct map {
	struct map_entry *entries;
	size_t room;
	size_t count;
};

/* The key's value, or NONE. */
uint32_t map_get(const struct map *map, uint64_t key);
/* NONE forgets the key. */
void map_set(struct map *map, uint64_t key, uint32_t value);
void map_free(struct map *map);

#endif
