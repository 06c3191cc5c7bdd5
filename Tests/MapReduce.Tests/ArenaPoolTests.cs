using Microsoft.Extensions.Time.Testing;
using Quorleans.MapReduce.Engine;

namespace Quorleans.MapReduce.Tests;

public sealed class ArenaPoolTests
{
    private const long Megabyte = 1 << 20;
    private readonly FakeTimeProvider _time = new();

    [Fact]
    public void ArenaThatIsReturned_IsTakenAgain_WhenItIsLongEnough()
    {
        using ArenaPool pool = Pool(100);
        Arena first = pool.Take(100 * Megabyte);
        pool.Return(first);
        Assert.Same(first, pool.Take(80 * Megabyte));
        pool.Return(first);
        Arena longer = pool.Take(first.Bytes + 1);
        Assert.NotSame(first, longer);
        Assert.True(longer.Bytes > first.Bytes, "it is shorter than what was asked for");
        pool.Return(longer);
        Assert.Same(first, pool.Take(1));
        pool.Return(first);
    }

    [Fact]
    public void IdleMemory_IsLimited_AndTheOldestGoesFirst()
    {
        using ArenaPool pool = Pool(100);
        Arena[] arenas = [.. Enumerable.Range(0, 4).Select(_ => pool.Take(Megabyte))];
        foreach (Arena arena in arenas)
        {
            arena.Touch(30 * Megabyte, 3 * Megabyte);
            pool.Return(arena);
            Assert.InRange(pool.IdleBytes, 1, 100 * Megabyte);
        }

        Assert.Equal(99 * Megabyte, pool.IdleBytes);
        Assert.Throws<ObjectDisposedException>(() => Start(arenas[0]));
        Assert.Same(arenas[3], pool.Take(1));
        arenas[3].Dispose();
    }

    [Fact]
    public void ArenaThatIsLargerThanAllThatMayBeKept_IsNotKept()
    {
        using ArenaPool pool = Pool(10);
        Arena arena = pool.Take(Megabyte);
        arena.Touch(11 * Megabyte);
        pool.Return(arena);
        Assert.Equal(0, pool.IdleBytes);
        Assert.Throws<ObjectDisposedException>(() => Start(arena));
    }

    [Fact]
    public void IdleMemory_IsGivenBackAfterAWhile()
    {
        using ArenaPool pool = Pool(100);
        Arena early = pool.Take(Megabyte);
        Arena late = pool.Take(Megabyte);
        early.Touch(Megabyte);
        late.Touch(2 * Megabyte);
        pool.Return(early);
        _time.Advance(TimeSpan.FromSeconds(6));
        pool.Return(late);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(2 * Megabyte, pool.IdleBytes);
        _time.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(0, pool.IdleBytes);
        Arena next = pool.Take(Megabyte);
        next.Touch(Megabyte);
        pool.Return(next);
        _time.Advance(TimeSpan.FromSeconds(11));
        Assert.Equal(0, pool.IdleBytes);
    }

    [Fact]
    public unsafe void ArenasOfManyThreads_BelongToOneAtATime()
    {
        using ArenaPool pool = Pool(100);
        Parallel.For(0, 2000, new ParallelOptions { MaxDegreeOfParallelism = 4 }, i =>
        {
            Arena arena = pool.Take(Megabyte);
            *(int*)arena.Start = i;
            *(int*)(arena.Start + arena.Bytes - sizeof(int)) = i;
            arena.Touch(4096, 4096);
            Assert.Equal(i, *(int*)arena.Start);
            Assert.Equal(i, *(int*)(arena.Start + arena.Bytes - sizeof(int)));
            pool.Return(arena);
        });
        Assert.InRange(pool.IdleBytes, 1, 4 * 8192);
    }

    private static unsafe object Start(Arena arena) => (nint)arena.Start;

    private ArenaPool Pool(int megabytes) => new(megabytes * Megabyte, TimeSpan.FromSeconds(10), _time);
}
