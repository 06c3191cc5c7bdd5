using System.Text.Json;
using CsCheck;
using Quorleans.Clerk;
using Quorleans.Client.Bench;
using Quorleans.Client.Tests.Fakes;

namespace Quorleans.Client.Tests;

public sealed class BenchTests
{
    [Fact]
    public void Histogram_IsWithinItsPrecision_WhateverTheValues() =>
        Gen.Long[0, 3_000_000_000_000].Array[1, 200].Sample(values =>
        {
            LatencyHistogram histogram = new();
            foreach (long value in values) histogram.Record(value);
            Array.Sort(values);
            Assert.Equal(values[^1], histogram.Max);
            foreach (double percentile in (double[])[1, 50, 90, 99, 100])
            {
                long exact = values[Math.Max(1, (int)Math.Ceiling(values.Length * percentile / 100)) - 1];
                Assert.InRange(histogram.Percentile(percentile), exact, exact + exact / 64 + 1);
            }
        });

    [Fact]
    public void Histogram_AddsUp_AndIsZeroWhenEmpty()
    {
        LatencyHistogram a = new();
        Assert.Equal(0, a.Percentile(99));
        a.Record(10);
        LatencyHistogram b = new();
        b.Record(5_000_000);
        b.Record(long.MaxValue);
        a.Add(b);
        Assert.Equal(3, a.Count);
        Assert.Equal(10, a.Percentile(1));
        Assert.Equal(long.MaxValue, a.Max);
    }

    [Fact]
    public void Histogram_AllocatesNothing_PerValue()
    {
        LatencyHistogram histogram = new();
        histogram.Record(1);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++) histogram.Record(i * 997L);
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());
    }

    [Theory]
    [InlineData("put")]
    [InlineData("get")]
    [InlineData("append")]
    public async Task Bench_PrintsOneLineOfTheContract(string operation)
    {
        using ClientHarness client = new();
        int status = await client.RunAsync("bench", "--op", operation, "--clients", "3", "--seconds", "1", "--keys", "20", "--value-bytes", "8");
        Assert.Equal(ExitCode.Ok, status);
        JsonElement line = Assert.Single(client.JsonLines());
        Assert.Equal(
            ["op", "clients", "ops", "seconds", "opsPerSecond", "p50Ms", "p99Ms", "maxMs", "errors"],
            line.EnumerateObject().Select(member => member.Name));
        Assert.Equal(operation, line.GetProperty("op").GetString());
        Assert.Equal(3, line.GetProperty("clients").GetInt32());
        Assert.InRange(line.GetProperty("ops").GetInt64(), 1, 1000);
        Assert.Equal(line.GetProperty("ops").GetDouble(), line.GetProperty("opsPerSecond").GetDouble());
        Assert.True(line.GetProperty("p50Ms").GetDouble() >= 1);
        Assert.Equal(0, line.GetProperty("errors").GetInt64());
        Assert.True(operation == "append" || client.Store["bench/0"] is null or { Length: 8 });
    }

    [Fact]
    public async Task Bench_CountsErrors_AndGoesOn()
    {
        using ClientHarness client = new();
        int number = 0;
        client.Store.Before = (_, _) => ++number % 2 == 0 ? ClientHarness.Failure(OperationOutcome.Unknown) : null;
        Assert.Equal(ExitCode.Ok, await client.RunAsync("bench", "--op", "put", "--clients", "1", "--seconds", "1"));
        JsonElement line = Assert.Single(client.JsonLines());
        Assert.True(line.GetProperty("errors").GetInt64() > 100);
        Assert.True(line.GetProperty("ops").GetInt64() > 100);
    }

    [Fact]
    public async Task Bench_Ends1_WhenNothingSucceeds()
    {
        using ClientHarness client = new();
        client.Store.Before = (_, _) => ClientHarness.Failure(OperationOutcome.Unknown);
        Assert.Equal(ExitCode.Error, await client.RunAsync("bench", "--op", "put", "--clients", "1", "--seconds", "1"));
    }

    [Fact]
    public async Task BatchOff_ReachesTheClerk()
    {
        using ClientHarness client = new();
        await client.RunAsync("bench", "--op", "put", "--clients", "1", "--seconds", "0.5", "--batch", "off");
        Assert.False(client.Cluster.Connects[0].Batch);
    }
}
