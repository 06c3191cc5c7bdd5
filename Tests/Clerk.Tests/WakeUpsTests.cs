using Microsoft.Extensions.Time.Testing;
using Xunit;

namespace Quorleans.Clerk.Tests;

/// <summary>The timer that all Clerks of a clock share.</summary>
public sealed class WakeUpsTests
{
    private readonly FakeTimeProvider _time = new();
    private readonly WakeUps _wakeUps;

    public WakeUpsTests() => _wakeUps = WakeUps.Of(_time);

    [Fact]
    public void EachIsWokenAtItsTime_InOrder_AndOnce()
    {
        List<(string, long)> woken = [];
        long start = _time.GetTimestamp();
        foreach ((string name, int ms) in ((string, int)[])[("c", 30), ("a", 10), ("b", 20), ("a again", 10)])
            _wakeUps.Ask(new Sleeper(at => woken.Add((name, Milliseconds(at - start)))), start + Ticks(ms));
        for (int i = 0; i < 9; i++) _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Empty(woken);
        _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal([("a", 10), ("a again", 10)], woken.Order());
        _time.Advance(TimeSpan.FromMilliseconds(100));
        Assert.Equal([("b", 20), ("c", 30)], woken[2..]);
        Assert.Equal(0, _wakeUps.Count);
    }

    [Fact]
    public void WhoAsksAgainWhenWoken_IsWokenAgain()
    {
        int woken = 0;
        Sleeper? sleeper = null;
        sleeper = new Sleeper(at =>
        {
            woken++;
            _wakeUps.Ask(sleeper!, at + Ticks(5));
        });
        _wakeUps.Ask(sleeper, _time.GetTimestamp() + Ticks(5));
        for (int i = 0; i < 100; i++) _time.Advance(TimeSpan.FromMilliseconds(1));
        Assert.Equal(20, woken);
        Assert.Equal(1, _wakeUps.Count);
    }

    [Fact]
    public void TimeThatHasPassed_IsNow()
    {
        int woken = 0;
        _wakeUps.Ask(new Sleeper(_ => woken++), _time.GetTimestamp() - 1);
        _time.Advance(TimeSpan.Zero);
        Assert.Equal(1, woken);
    }

    private long Ticks(int ms) => ms * _time.TimestampFrequency / 1000;

    private long Milliseconds(long ticks) => ticks * 1000 / _time.TimestampFrequency;

    private sealed class Sleeper(Action<long> woken) : ISleeper
    {
        public void OnWake(long at) => woken(at);
    }
}
