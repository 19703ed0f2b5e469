// SPDX-License-Identifier: GPL-2.0
// GIL_IO() takes every statement of C++, also within itself, without warnings.
#include <cstdio>
#include <map>

#include <gil.h>

namespace {

gil_t *outer, *inner;

int statements()
{
	int n = 0, error = 0;

	error |= GIL_IO(outer, std::map<int, int> map; map[1] = 2; n += map[1]);
	error |= GIL_IO(outer, int a = 1, b = 2; n += a + b);
	error |= GIL_IO(outer, auto sum = [](int x, int y) { return x + y; };
			n += sum(1, 2));
	error |= GIL_IO(outer, for (int i = 0, j = 1; i < 3; i++, j++) n += j);
	error |= GIL_IO(outer, { n++; });
	error |= GIL_IO(outer, );
	error |= GIL_IO(outer, error |= GIL_IO(inner, n++));
	error |= GIL_IO(outer, if (GIL_IO(inner, n++)) n = 1000; else n++);
	return error ? -1 : n;
}

// What a statement declares ends before the lock is taken back.
struct looks {
	bool &alone;

	~looks()
	{
		alone = gil_release(outer) == EPERM;
	}
};

bool ends_without_the_lock()
{
	bool alone = false;

	return !GIL_IO(outer, looks at{ alone }; (void)at) && alone;
}

} // namespace

int main()
{
	int n;

	std::puts("TAP version 13");
	if (gil_create(&outer, nullptr) || gil_create(&inner, nullptr) ||
	    gil_acquire(outer) || gil_acquire(inner)) {
		std::puts("Bail out! there is no lock");
		return 1;
	}
	std::puts("1..2");
	n = statements();
	std::printf("# %d\n%sok 1 statements\n", n, n == 18 ? "" : "not ");
	bool ends = ends_without_the_lock();
	std::printf("%sok 2 ends without the lock\n", ends ? "" : "not ");
	return n == 18 && ends ? 0 : 1;
}
