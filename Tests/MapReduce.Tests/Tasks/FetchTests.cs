using System.Text;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.MapReduce.Tests.Tasks;

public sealed class FetchTests : IDisposable
{
    private readonly JobFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void ConnectionsThatBreak_AreResumed_WhereTheyBroke()
    {
        FaultyNetwork? network = null;
        using TaskDriver driver = Driver(inner => network = new FaultyNetwork(inner, static (_, answer) => FaultyNetwork.Cut(answer, 5000)));
        byte[] expected = Reduce(new TaskDriver(_folder, driver.Spec, 2), out long bytes);
        Assert.Equal(expected, Reduce(driver, out _));

        // Each request brought as much as the connection lasted: nothing twice.
        Assert.InRange(network!.Requests, bytes / 2 / 5000, (bytes / 5000) + 4);
    }

    [Fact]
    public void BytesThatChangeOnTheWay_AreNoticed()
    {
        // In the header: asked for again. In a block: found when it is merged, and the map task is named.
        using TaskDriver header = Driver(static inner => new FaultyNetwork(inner, static (request, answer) => request == 1 ? FaultyNetwork.Flip(answer, 6) : answer));
        byte[] expected = Reduce(new TaskDriver(_folder, header.Spec, 2), out _);
        Assert.Equal(expected, Reduce(header, out _));
        using TaskDriver block = Driver(static inner => new FaultyNetwork(inner, static (request, answer) => FaultyNetwork.Flip(answer, 3000)));
        PlanOutcome plan = block.Plan();
        block.Map(0, plan);
        TaskFailure failure = block.Reduce(0, plan, 0).Failure!;
        Assert.Equal(TaskFailureKind.MapOutputLost, failure.Kind);
        Assert.Equal("m1", Assert.Single(failure.LostMaps!).Machine);
    }

    [Fact]
    public void TrackerThatCannotBeReached_LosesItsMapOutputs()
    {
        using TaskDriver driver = Driver(static inner => new FaultyNetwork(inner, static (_, _) => throw new HttpRequestException("connection refused")));
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        TaskFailure failure = driver.Reduce(0, plan, 0).Failure!;
        Assert.Equal(TaskFailureKind.MapOutputLost, failure.Kind);
        Assert.Contains("connection refused", failure.Message);
        Assert.Equal(driver.MapOutputs.Where(static map => map.Machine == "m1"), failure.LostMaps);
    }

    [Fact]
    public void Strangers_GetNothing()
    {
        using TaskDriver driver = Driver();
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        byte[] request = new MapOutputRequest(0, [driver.MapOutputs[1].Index]).ToJson();
        MapOutputServer server = driver.Servers[1];
        Assert.Equal(200, server.Answer($"Bearer {TaskDriver.Secret}", request, 0).Status);
        foreach (string? wrong in (string?[])[null, "", TaskDriver.Secret, "Bearer ", $"Bearer {TaskDriver.Secret}x"]) Assert.Equal(401, server.Answer(wrong, request, 0).Status);
        foreach (string? unknown in (string?[])["", null])
            Assert.Equal(401, new MapOutputServer(Path.Combine(driver.WorkRoot, "m1"), _ => unknown).Answer("Bearer ", request, 0).Status);

        // A job's secret opens nothing of another job's.
        string other = driver.MapOutputs[1].Index.Replace(driver.Spec.Id, "other", StringComparison.Ordinal);
        Directory.CreateDirectory(Path.GetDirectoryName(other)!);
        File.Copy(driver.MapOutputs[1].Index, other);
        foreach (string[] indexes in (string[][])[[other], [driver.MapOutputs[1].Index, other]])
            Assert.Equal(401, server.Answer($"Bearer {TaskDriver.Secret}", new MapOutputRequest(0, indexes).ToJson(), 0).Status);
    }

    [Fact]
    public void NothingOutsideOfTheFolder_IsServed()
    {
        using TaskDriver driver = Driver();
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        string index = driver.MapOutputs[1].Index;
        string root = Path.Combine(driver.WorkRoot, "m1");
        foreach (string path in (string[])["/etc/passwd", Path.Combine(root, "..", "m0", Path.GetRelativePath(Path.Combine(driver.WorkRoot, "m0"), driver.MapOutputs[0].Index)), driver.MapOutputs[0].Index, "index", Path.Combine(Path.GetDirectoryName(index)!, "run-1"), root + "x/index"])
            Assert.Equal(400, Ask(new MapOutputRequest(0, [path]).ToJson()).Status);
        Assert.Equal(400, Ask(new MapOutputRequest(-1, [index]).ToJson()).Status);
        Assert.Equal(400, Ask(new MapOutputRequest(0, []).ToJson()).Status);
        Assert.Equal(400, Ask(new MapOutputRequest(0, [.. Enumerable.Repeat(index, MapOutputRequest.MostIndexes + 1)]).ToJson()).Status);
        Assert.Equal(400, Ask("{"u8.ToArray()).Status);
        Assert.Equal(400, Ask(Encoding.UTF8.GetBytes("""{"partition":0,"indexes":[null]}""")).Status);
        Assert.Equal(410, Ask(new MapOutputRequest(1000, [index]).ToJson()).Status);
        Assert.Equal(416, driver.Servers[1].Answer($"Bearer {TaskDriver.Secret}", new MapOutputRequest(0, [index]).ToJson(), long.MaxValue).Status);

        MapOutputAnswer Ask(byte[] request) => driver.Servers[1].Answer($"Bearer {TaskDriver.Secret}", request, 0);
    }

    private TaskDriver Driver(Func<HttpMessageHandler, HttpMessageHandler>? network = null)
    {
        if (_folder.Files.Length == 0) for (int i = 0; i < 4; i++) _folder.Add($"{i}", Corpus.Text(i, 50_000));
        return new TaskDriver(_folder, TaskDriver.SpecOf(_folder, "wordcount") with { SplitBytes = 50_000, Reducers = 1 }, 2, network);
    }

    private static byte[] Reduce(TaskDriver driver, out long remoteBytes)
    {
        PlanOutcome plan = driver.Plan();
        driver.Map(0, plan);
        remoteBytes = driver.MapOutputs.Where(static map => map.Machine == "m1").Sum(static map => map.Bytes);
        return File.ReadAllBytes(TaskDriver.Done(driver.Reduce(0, plan, 0)).Reduce!.File);
    }
}
