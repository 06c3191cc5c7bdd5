using Microsoft.Extensions.Time.Testing;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class LogStatisticsTests
{
    [Fact]
    public void WriteAndSyncAreMeasuredApart()
    {
        FakeTimeProvider time = new();
        SlowDisk disk = new(new SimulatedDisk(1), time, write: TimeSpan.FromMicroseconds(20), sync: TimeSpan.FromMilliseconds(3));
        ManualLogExecutor executor = new();
        WriteAheadLog log = WriteAheadLog.Open(disk, Options(64 << 10) with { Time = time }, executor, out _);
        log.OpenGroup(new GroupId("g1", 1), new MemberId(1), Three);
        log.TryFlush();
        time.Advance(TimeSpan.FromMilliseconds(7));
        Assert.Equal(TimeSpan.FromMilliseconds(7), log.Statistics.InFlightFor);
        executor.RunAll();

        // The first batch of a segment: its opening is written before it, and one sync covers both.
        Assert.Equal(40, log.Statistics.WriteLatency.MaximumMicroseconds);
        Assert.Equal(3000, log.Statistics.SyncLatency.MaximumMicroseconds);
        Assert.Equal(TimeSpan.Zero, log.Statistics.InFlightFor);
    }
}
