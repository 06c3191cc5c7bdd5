using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Quorleans.Clerk;
using Quorleans.Client;

namespace Quorleans.Benchmarks.Processes;

/// <summary>
/// How long a silo process takes from its start until <c>/readyz</c> says yes: the nodes of a new cluster together on empty directories, and then with a million keys, alone
/// after <c>kill -9</c> and all together.
/// </summary>
/// <param name="keys">How many keys.</param>
/// <param name="rounds">How often each is measured; the worst counts.</param>
/// <param name="say">Tells a person how far it is.</param>
internal sealed class StartPart(int keys, int rounds, Action<string> say)
{
    private const int Nodes = 3, PortsOfANode = 4, Writers = 64, OperationsOfAWriter = 16;
    private const int EmptyMarkMs = 3000, FullMarkMs = 10_000;
    private readonly string _folder = Directory.CreateTempSubdirectory("quorleans-start-").FullName;
    private readonly int[] _ports = FreePorts(Nodes * PortsOfANode);
    private readonly Process?[] _running = new Process?[Nodes];

    /// <summary>Measures.</summary>
    public async Task<IReadOnlyList<Mark>> RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            List<double> empty = [], alone = [], all = [];
            for (int i = 0; i < rounds; i++)
            {
                string data = Path.Combine(_folder, "data");
                if (Directory.Exists(data)) Directory.Delete(data, recursive: true);
                empty.Add(await StartAsync([0, 1, 2], cancellationToken));
                say(Say($"three nodes on empty directories: ready after {empty[^1]:F0} ms"));
                if (i < rounds - 1) await KillAsync([0, 1, 2]);
            }

            long begin = Stopwatch.GetTimestamp();
            await FillAsync(cancellationToken);
            say(Say($"{keys} keys written in {Stopwatch.GetElapsedTime(begin).TotalSeconds:F0} s"));
            for (int i = 0; i < rounds; i++)
            {
                await KillAsync([i % Nodes]);
                alone.Add(await StartAsync([i % Nodes], cancellationToken));
                say(Say($"n{(i % Nodes) + 1} after kill -9, with {keys} keys: ready after {alone[^1]:F0} ms"));
            }

            for (int i = 0; i < rounds; i++)
            {
                await KillAsync([0, 1, 2]);
                all.Add(await StartAsync([0, 1, 2], cancellationToken));
                say(Say($"all three, with {keys} keys: ready after {all[^1]:F0} ms"));
            }

            return
            [
                Mark.AtMost(Say($"a new cluster's processes, started together on empty directories, ready after, the last of {Nodes}, {rounds} rounds, at most"), empty.Max(), EmptyMarkMs, "ms"),
                Mark.AtMost(Say($"a process with {keys} keys, alone after kill -9, ready after, at most"), alone.Max(), FullMarkMs, "ms"),
                Mark.AtMost(Say($"all processes with {keys} keys, together, ready after, the last of {Nodes}, at most"), all.Max(), FullMarkMs, "ms"),
            ];
        }
        finally
        {
            await KillAsync([0, 1, 2]);
            Directory.Delete(_folder, recursive: true);
        }
    }

    private static string Program { get; } = FindProgram();

    private string Config => Path.Combine(_folder, "cluster.json");

    // From the start of the first process until the last one is ready.
    private async Task<double> StartAsync(int[] nodes, CancellationToken cancellationToken)
    {
        string list = string.Join(",\n", Enumerable.Range(0, Nodes).Select(i => Say($$"""{ "name": "n{{i + 1}}", "silo": {{Port(i, 0)}}, "gateway": {{Port(i, 1)}}, "http": {{Port(i, 2)}}, "peer": {{Port(i, 3)}} }""")));
        await File.WriteAllTextAsync(Config, $$"""{ "cluster": "start", "nodes": [ {{list}} ] }""", cancellationToken);
        long begin = Stopwatch.GetTimestamp();
        foreach (int node in nodes) _running[node] = Process.Start(new ProcessStartInfo(Program, ["--config", Config, "--node", Say($"n{node + 1}")]) { RedirectStandardOutput = true })!;
        using HttpClient web = new() { Timeout = TimeSpan.FromSeconds(5) };
        foreach (int node in nodes) await ReadyAsync(web, node, cancellationToken);
        return Stopwatch.GetElapsedTime(begin).TotalMilliseconds;
    }

    private async Task ReadyAsync(HttpClient web, int node, CancellationToken cancellationToken)
    {
        Uri page = new(Say($"http://127.0.0.1:{Port(node, 2)}/readyz"));
        while (true)
        {
            if (_running[node] is { HasExited: true } ended) throw new InvalidOperationException(Say($"n{node + 1} ended with status {ended.ExitCode}."));
            try
            {
                using HttpResponseMessage answer = await web.GetAsync(page, cancellationToken);
                if (answer.StatusCode == HttpStatusCode.OK) return;
            }
            catch (HttpRequestException)
            {
                // Not yet.
            }

            await Task.Delay(10, cancellationToken);
        }
    }

    private async Task FillAsync(CancellationToken cancellationToken)
    {
        await using ICluster cluster = await new OrleansConnector().ConnectAsync(new ConnectOptions { Gateways = "", Config = Config, Timeout = TimeSpan.FromSeconds(60) }, cancellationToken);
        int next = -1;
        await Task.WhenAll(Enumerable.Range(0, Writers * OperationsOfAWriter).Select(async _ =>
        {
            for (int key; (key = Interlocked.Increment(ref next)) < keys;)
            {
                await cluster.Clerk.PutAsync(Say($"key-{key:D8}"), Say($"value-{key:D20}"), cancellationToken);
                if (key % 200_000 == 199_999) say(Say($"{key + 1} keys"));
            }
        }));
    }

    private async Task KillAsync(int[] nodes)
    {
        foreach (int node in nodes) _running[node]?.Kill();
        foreach (int node in nodes)
        {
            if (_running[node] is not { } process) continue;
            await process.WaitForExitAsync(CancellationToken.None);
            process.Dispose();
            _running[node] = null;
        }
    }

    private int Port(int node, int which) => _ports[(node * PortsOfANode) + which];

    private static int[] FreePorts(int count)
    {
        TcpListener[] held = [.. Enumerable.Range(0, count).Select(static _ => new TcpListener(IPAddress.Loopback, 0))];
        foreach (TcpListener listener in held) listener.Start();
        int[] ports = [.. held.Select(static listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (TcpListener listener in held) listener.Dispose();
        return ports;
    }

    // Built as this program is, and beside it.
    private static string FindProgram()
    {
        string own = AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar);
        string framework = Path.GetFileName(own), configuration = Path.GetFileName(Path.GetDirectoryName(own)!);
        for (DirectoryInfo? folder = new(own); folder is not null; folder = folder.Parent)
        {
            string program = Path.Combine(folder.FullName, "Silo", "bin", configuration, framework, OperatingSystem.IsWindows() ? "Quorleans.Silo.exe" : "Quorleans.Silo");
            if (File.Exists(program)) return program;
        }

        throw new FileNotFoundException($"The silo's program is not built: dotnet build Silo -c {configuration}");
    }

    private static string Say(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
