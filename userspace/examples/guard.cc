// SPDX-License-Identifier: GPL-2.0
// gil.h in C++: a guard owns the lock for as long as its scope lasts.
#include <gil.h>

#include <cstdio>
#include <memory>
#include <system_error>
#include <thread>

namespace {

void check(int error, const char *doing)
{
	if (error)
		throw std::system_error(error, std::generic_category(), doing);
}

class guard {
public:
	explicit guard(gil_t *gil) : gil_(gil)
	{
		check(gil_acquire(gil_), "acquire");
	}

	~guard()
	{
		gil_release(gil_);
	}

	guard(const guard &) = delete;
	guard &operator=(const guard &) = delete;

private:
	gil_t *gil_;
};

std::unique_ptr<gil_t, void (*)(gil_t *)> create()
{
	gil_t *gil = nullptr;

	check(gil_create(&gil, nullptr), "create");
	return { gil, gil_close };
}

} // namespace

int main()
try {
	constexpr int each = 100000;
	auto gil = create();
	int count = 0;
	auto add = [&] {
		for (int i = 0; i < each; i++) {
			guard owner(gil.get());

			count++;
		}
	};
	std::thread other(add);

	add();
	other.join();
	std::printf("counted %d of %d\n", count, 2 * each);
	return count == 2 * each ? 0 : 1;
} catch (const std::exception &e) {
	std::fprintf(stderr, "%s\n", e.what());
	return 1;
}
