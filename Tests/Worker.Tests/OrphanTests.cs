using System.Diagnostics;
using System.Globalization;
using Quorleans.MapReduce.Engine;
using Quorleans.MapReduce.Jobs;
using Quorleans.MapReduce.Tasks;
using Quorleans.MapReduce.Tasks.Workers;

namespace Quorleans.Worker.Tests;

/// <summary>A silo that is gone leaves no worker, whatever that was at.</summary>
public sealed class OrphanTests : IDisposable
{
    private readonly JobBench _bench = new();

    public void Dispose() => _bench.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Worker_EndsWithItsParent_InTheMiddleOfAnEndlessLoop(bool byItsInput)
    {
        _bench.Add("a", "bad\n");
        JobSpec spec = _bench.Misbehaving("loop");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1 });
        PlanOutcome plan = (await _bench.PlanAsync(host, spec)).Plan!;
        TaskOrder order = new() { Spec = spec, Task = new TaskId(0, TaskKind.Map, 0), Attempt = new AttemptId(1, 100), Map = new MapOrder(plan.File, []) };

        // A parent that can be killed alone: a shell. The worker's input is a pipe by name, which stays open when the shell is gone.
        WorkerProgram program = WorkerProgram.Beside();
        string mark = Path.Combine(_bench.Root, "mark");
        string fifo = Path.Combine(_bench.Root, "orders");
        using RecordMark position = RecordMark.Create(mark);
        const string Script = """mkfifo "$1"; "$2" exec "$3" $$ "$4" <"$1" >/dev/null & echo $!; wait""";
        using Process shell = Process.Start(new ProcessStartInfo("/bin/sh", ["-c", Script, "sh", fifo, program.File, program.Arguments[1], mark]) { RedirectStandardOutput = true })!;
        int worker = int.Parse((await shell.StandardOutput.ReadLineAsync())!, CultureInfo.InvariantCulture);
        try
        {
            await using (FileStream orders = new(fifo, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0))
            {
                AttemptEnvironment environment = new() { Folder = Directory.CreateDirectory(Path.Combine(_bench.Root, "attempt")).FullName, Machine = "here" };
                WorkerFrames.Write(orders, WorkerFrame.Start, new WorkerOrder(order, environment, "end").Encode());
                await Processes.UntilAsync("the mapper loops", () => position.Record is not null);
                if (!byItsInput)
                {
                    shell.Kill();
                    await Processes.UntilAsync("the worker ends with its parent", () => !Processes.Runs(worker));
                    return;
                }
            }

            await Processes.UntilAsync("the worker ends with its input", () => !Processes.Runs(worker));
        }
        finally
        {
            shell.Kill();
            if (Processes.Runs(worker)) Process.GetProcessById(worker).Kill();
        }
    }

    [Fact]
    public async Task Worker_OutlivesTheThreadThatAskedForIt()
    {
        _bench.Add("a", "good\n");
        JobSpec spec = _bench.Misbehaving("none");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1 });
        Thread thread = new(() => Assert.Null(_bench.PlanAsync(host, spec).GetAwaiter().GetResult().Failure));
        thread.Start();
        thread.Join();
        Assert.Null((await _bench.FirstMapAsync(host, spec)).Failure);
        Assert.Equal(1, host.Started);
    }

    [Fact]
    public async Task Worker_IsANeighbourOfLowPriority_ThatGoesFirstWhenMemoryRunsOut()
    {
        _bench.Add("a", "good\n");
        await using WorkerHost host = new(new WorkerOptions { Slots = 1 });
        await _bench.PlanAsync(host, _bench.Misbehaving("none"));
        string process = string.Create(CultureInfo.InvariantCulture, $"/proc/{Assert.Single(host.ProcessIds)}");
        Assert.Equal("1000", (await File.ReadAllTextAsync(process + "/oom_score_adj")).Trim());
        string[] stat = (await File.ReadAllTextAsync(process + "/stat")).Split(' ');
        Assert.Equal("10", stat[18]);
    }
}
