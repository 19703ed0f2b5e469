// SPDX-License-Identifier: GPL-2.0
/* Open addressing with linear probing; a forgotten key keeps its entry. */
#include <stdlib.h>

#include "array.h"
#include "map.h"

#define FIRST_ROOM 64

static size_t slot_of(const struct map *map, uint64_t key)
{
	size_t mask = map->room - 1;
	/* Fibonacci hashing: the high bits are the well-mixed ones. */
	size_t slot = (key * 0x9e3779b97f4a7c15ULL >> 32) & mask;

	while (map->entries[slot].used && map->entries[slot].key != key)
		slot = (slot + 1) & mask;
	return slot;
}

uint32_t map_get(const struct map *map, uint64_t key)
{
	const struct map_entry *entry;

	if (!map->room)
		return NONE;
	entry = &map->entries[slot_of(map, key)];
	return entry->used ? entry->value : NONE;
}

static void grow(struct map *map)
{
	struct map old = *map;

	map->room = old.room ? old.room * 2 : FIRST_ROOM;
	map->entries = xcalloc(map->room, sizeof(*map->entries));
	for (size_t i = 0; i < old.room; i++)
		if (old.entries[i].used)
			map->entries[slot_of(map, old.entries[i].key)] =
				old.entries[i];
	free(old.entries);
}

void map_set(struct map *map, uint64_t key, uint32_t value)
{
	struct map_entry *entry;

	if (map->count * 2 >= map->room)
		grow(map);
	entry = &map->entries[slot_of(map, key)];
	if (!entry->used)
		map->count++;
	*entry = (struct map_entry){ .key = key, .value = value, .used = 1 };
}

void map_free(struct map *map)
{
	free(map->entries);
	*map = (struct map){ 0 };
}
