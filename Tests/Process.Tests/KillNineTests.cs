using System.Text.Json;
using Quorleans.Processes.Tests.History;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

public sealed class KillNineTests(ITestOutputHelper output) : IDisposable
{
    // Kills at any time, also while it starts; but most of them under load, or they would prove little.
    private const double EarlyKills = 0.25;
    private static readonly TimeSpan LatestEarlyKill = TimeSpan.FromSeconds(2.5), LongestLoad = TimeSpan.FromMilliseconds(600);
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task KillNine_TwentyTimes_LosesNothingAcknowledged()
    {
        int kills = LongRun.Rounds(20);
        int seed = Environment.TickCount;
        Random random = new(seed);
        output.WriteLine($"{kills} kills, seed {seed}");
        SiloSetup setup = new(Path.Combine(_data.Path, "data"));
        string history = Path.Combine(_data.Path, "history.jsonl");
        SiloProcess silo = await SiloProcess.StartAsync(setup);
        int underLoad = 0;
        try
        {
            await using ChildProcess workload = await ClientProcess.StartAsync(
                setup, "workload", "--clients", "16", "--keys", "100", "--seconds", "3600", "--history", history, "--mix", "append=97,get=3", "--json");
            for (int i = 0; i < kills; i++)
            {
                if (random.NextDouble() < EarlyKills)
                {
                    await Pause.ForAsync(LatestEarlyKill * random.NextDouble());
                }
                else
                {
                    await LoadFlows(workload, history);
                    await Pause.ForAsync(LongestLoad * random.NextDouble());
                    underLoad++;
                }

                await silo.KillAsync();
                await silo.DisposeAsync();
                silo = await SiloProcess.BeginAsync(setup);
            }

            await LoadFlows(workload, history);
            await workload.SignalAsync("INT");
            Assert.Equal(0, await workload.WaitAsync());
            output.WriteLine(workload.Output);
            Dictionary<string, string> final = await ReadAllAsync(setup);
            AppendOperation[] operations = [.. AppendHistory.Read(history)];
            AppendOperation[] appends = [.. operations.Where(static operation => !operation.IsRead)];
            int acknowledged = appends.Count(static append => append.Acknowledged);
            output.WriteLine($"{underLoad} kills under load; {acknowledged} appends acknowledged, {appends.Length - acknowledged} unknown, {operations.Length - appends.Length} reads");
            Assert.Empty(AppendComparer.Compare(operations, final));
            Assert.True(acknowledged > 20 * underLoad, $"{acknowledged} acknowledged appends are no load.");
            Assert.True(underLoad >= kills / 2, $"Only {underLoad} of {kills} kills met a load.");
            await silo.StopAsync();
        }
        finally
        {
            await silo.DisposeAsync();
        }
    }

    // The file grows when operations end.
    private static async Task LoadFlows(ChildProcess workload, string history)
    {
        long before = Length(history);
        await Eventually.Holds("operations end", () =>
        {
            if (workload.HasExited) throw new InvalidOperationException($"The workload ended early.\n{workload}");
            return Length(history) > before + 2000;
        });
    }

    private static long Length(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private static async Task<Dictionary<string, string>> ReadAllAsync(SiloSetup setup)
    {
        ClientRun scan = await ClientProcess.RunAsync(setup, "scan", "--limit", "0", "--json");
        Assert.True(scan.Status == 0, scan.Error);
        Dictionary<string, string> items = [];
        foreach (string line in scan.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            using JsonDocument item = JsonDocument.Parse(line);
            items.Add(item.RootElement.GetProperty("key").GetString()!, item.RootElement.GetProperty("value").GetString()!);
        }

        return items;
    }
}
