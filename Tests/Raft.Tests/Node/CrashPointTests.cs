using Quorleans.CrashPoints;
using Xunit;

namespace Quorleans.Raft.Tests.Node;

/// <summary>A sample of what <c>dotnet run -c Release --project Tests/CrashPoints</c> runs in full.</summary>
public sealed class CrashPointTests
{
    [Fact]
    public void EveryPromiseIsKept_WhenThePowerGoesAtADiskOperation()
    {
        CrashSweep sweep = new(seed: 42, steps: 300);
        CrashPoint[] points = [.. CrashSweep.Points(sweep.CountOperations(out _), stride: 7)];
        Assert.InRange(points.Length, 250, 1000);
        foreach (CrashPoint point in points) sweep.Try(point);
    }

    [Theory]
    [InlineData(nameof(DiskFault.Write))]
    [InlineData(nameof(DiskFault.Sync))]
    [InlineData(nameof(DiskFault.Full))]
    public void NodeStopsAfterAFailedWriteOrSync_AndWaitsForSpaceOnAFullDisk(string kind)
    {
        DiskFault fault = Enum.Parse<DiskFault>(kind);
        FaultSweep sweep = new(seed: 42, steps: 300);
        long operations = sweep.CountOperations(fault);
        Assert.True(operations > 15, $"{operations} operations");
        for (long operation = 0; operation < operations; operation++) sweep.Try(fault, operation);
    }
}
