using System.Diagnostics;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using Quorleans.Cluster.Tests.Embedded;
using Quorleans.Hosting;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;

namespace Quorleans.Cluster.Tests.MapReduce;

/// <summary>Map outputs over a real connection. <c>SHUFFLE_MB=200</c> makes the figure that it prints mean something.</summary>
public sealed class MapOutputEndpointTests(ITestOutputHelper output) : IAsyncLifetime
{
    private const string Secret = "s3cret";
    private static readonly int Megabytes = int.TryParse(Environment.GetEnvironmentVariable("SHUFFLE_MB"), out int megabytes) ? megabytes : 10;
    private readonly TemporaryDirectory _directory = new();
    private readonly MapOutputEndpoint _endpoint = new(IPAddress.Loopback, NullLoggerFactory.Instance);
    private string _address = "";
    private MapOutput _output = null!;

    public async ValueTask InitializeAsync()
    {
        byte[] records = new byte[Megabytes << 20];
        new Random(1).NextBytes(records);
        string input = Path.Combine(_directory.Path, "in");
        await File.WriteAllBytesAsync(input, records);
        JobSpec spec = new()
        {
            Id = "job-1", Application = "sort", Arguments = [KeyValuePair.Create("record", "128")], Inputs = [input], Output = Path.Combine(_directory.Path, "out"), Reducers = 1,
            SplitBytes = 1L << 30, MemoryBytes = 512L << 20, Durable = false,
        };
        JobOutput.Begin(spec);
        string work = Path.Combine(_directory.Path, "work");
        string folder = Path.Combine(work, "job-1", "map-0-g1a1");
        Directory.CreateDirectory(folder);
        using TaskRunner runner = new();
        using AttemptLog log = new(Path.Combine(folder, "log"), TimeProvider.System);
        AttemptEnvironment environment = new() { Folder = folder, Machine = "here" };
        TaskOrder order = new() { Spec = spec, Task = new TaskId(0, TaskKind.Plan, 0), Attempt = new AttemptId(1, 1), Plan = new PlanOrder([], 1) };
        string plan = runner.Run(order, environment, new TaskProgress(), log, CancellationToken.None).Plan!.File;
        order = order with { Task = new TaskId(0, TaskKind.Map, 0), Plan = null, Map = new MapOrder(plan, []) };
        MapOutcome map = runner.Run(order, environment, new TaskProgress(), log, CancellationToken.None).Map!;
        _address = await _endpoint.StartAsync(new MapOutputServer(work, static job => job == "job-1" ? Secret : null), CancellationToken.None);
        _output = new MapOutput(0, order.Attempt, "n1", "i", "elsewhere", _address, map.Index, map.SpilledBytes);
    }

    public async ValueTask DisposeAsync()
    {
        await _endpoint.StopAsync();
        _directory.Dispose();
    }

    [Fact]
    public void Fetched_IsWhatWasServed()
    {
        using MapOutputFetcher fetcher = new();
        double best = 0;
        for (int i = 0; i < (Megabytes > 100 ? 5 : 1); i++)
        {
            string path = Path.Combine(_directory.Path, $"fetched-{i}");
            long bytes = 0;
            long start = Stopwatch.GetTimestamp();
            IReadOnlyList<Run> runs = Assert.Single(fetcher.Fetch([_output], 0, Secret, path, new WorkFiles(_directory.Path), received => bytes += received, CancellationToken.None));
            best = Math.Max(best, bytes / 1e6 / Stopwatch.GetElapsedTime(start).TotalSeconds);
            Assert.Equal(Megabytes << 20 >> 7, runs.Sum(static run => run.Segments[0].Pairs));
            Assert.Equal(new FileInfo(path).Length, bytes);
            File.Delete(path);
        }

        output.WriteLine(FormattableString.Invariant($"{_output.Bytes / 1e6:F0} MB over one connection: {best:F0} MB/s into a file"));
    }

    [Fact]
    public async Task OnlyThatOneRequest_IsAnswered()
    {
        using HttpClient client = new();
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync(_address + MapOutputRequest.Path)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync(_address + "/", null)).StatusCode);
        byte[] request = new MapOutputRequest(0, [_output.Index]).ToJson();
        Assert.Equal(HttpStatusCode.Unauthorized, (await client.PostAsync(_address + MapOutputRequest.Path, new ByteArrayContent(request))).StatusCode);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", $"Bearer {Secret}");
        Assert.Equal(HttpStatusCode.OK, (await client.PostAsync(_address + MapOutputRequest.Path, new ByteArrayContent(request))).StatusCode);
        foreach ((string range, HttpStatusCode status) in ((string, HttpStatusCode)[])[("bytes=5-", HttpStatusCode.PartialContent), ("bytes=5-9", HttpStatusCode.RequestedRangeNotSatisfiable), ("bytes=99999999999-", HttpStatusCode.RequestedRangeNotSatisfiable)])
        {
            using HttpRequestMessage message = new(HttpMethod.Post, _address + MapOutputRequest.Path) { Content = new ByteArrayContent(request) };
            message.Headers.TryAddWithoutValidation("Range", range);
            Assert.Equal(status, (await client.SendAsync(message)).StatusCode);
        }
    }

    [Fact]
    public async Task Stopped_AnswersNobody()
    {
        await _endpoint.StopAsync();
        using MapOutputFetcher fetcher = new(firstPause: TimeSpan.FromMilliseconds(1));
        MapOutputsLostException e = Assert.Throws<MapOutputsLostException>(() =>
            fetcher.Fetch([_output], 0, Secret, Path.Combine(_directory.Path, "fetched"), new WorkFiles(_directory.Path), static _ => { }, CancellationToken.None));
        Assert.Equal(_output, Assert.Single(e.Lost));
    }
}
