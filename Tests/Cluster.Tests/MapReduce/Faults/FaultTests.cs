using System.Text;
using Quorleans.MapReduce.Jobs;
using Quorleans.Tests.Shared;

namespace Quorleans.Cluster.Tests.MapReduce.Faults;

/// <summary>Disks, files and clocks do what they should not: the right output, or a failure that names the thing; never a part of it, or anything else that stays.</summary>
public sealed class FaultTests(FaultyCluster cluster, ITestOutputHelper output) : IClassFixture<FaultyCluster>, IDisposable
{
    private readonly JobFolders _folders = new(files: 3, bytesEach: 60_000);

    private string FirstInput => Path.Combine(_folders.Inputs, "text-0.txt");

    public void Dispose()
    {
        cluster.Faults.Clear();
        _folders.Dispose();
    }

    [Theory]
    [InlineData("map ends")]
    [InlineData("reduce ends")]
    public async Task TrackerThatWasPaused_OverItsLease_HasItsWorkDoneByOthers_AndItsOwnIsNotUsed(string place)
    {
        using Gate gate = cluster.Faults.Hold(place);
        JobSpec spec = await SubmitAsync(Spec());
        string paused = await gate.ReachedAsync();
        cluster.Faults.Unheard = paused;
        JobView view = await cluster.EndAsync(spec);
        Assert.Equal(JobPhase.Done, view.Phase);
        Assert.Contains(view.Failures, failure => failure.Contains($"on {paused}: the node was not heard of", StringComparison.Ordinal));

        // Now it comes back, and says what it has done.
        cluster.Faults.Unheard = null;
        gate.Open();
        await cluster.DoneAsync(_folders, spec);
        await NextJobIsDoneAsync();
    }

    [Fact]
    public async Task TrackerThatComesBack_BeforeTheJobIsOver_DoesNotWinWithWhatItDidMeanwhile()
    {
        using Gate gate = cluster.Faults.Hold("map ends");
        JobSpec spec = await SubmitAsync(Spec());
        string paused = await gate.ReachedAsync();
        using Gate last = cluster.Faults.Hold("reduce ends", node => node != paused);
        cluster.Faults.Unheard = paused;
        await last.ReachedAsync();
        cluster.Faults.Unheard = null;
        gate.Open();
        await Eventually.Holds("it says that its lease ended", async () => (await cluster.Jobs.ReadLogAsync(spec.Id, null)).Contains("the lease ended", StringComparison.Ordinal));
        last.Open();
        await cluster.DoneAsync(_folders, spec);
    }

    [Fact]
    public async Task DamagedMapOutput_IsMadeAgain()
    {
        int damaged = 0;
        cluster.Faults.Ended = outcome =>
        {
            if (outcome.Map is not { } map || Interlocked.Exchange(ref damaged, 1) != 0) return;
            string run = Directory.EnumerateFiles(Path.GetDirectoryName(map.Index)!).Where(file => file != map.Index).MaxBy(static file => new FileInfo(file).Length)!;
            using FileStream file = new(run, FileMode.Open, FileAccess.ReadWrite);
            file.Position = file.Length / 2;
            int old = file.ReadByte();
            file.Position = file.Length / 2;
            file.WriteByte((byte)(old ^ 0x20));
        };
        JobSpec spec = await SubmitAsync(Spec());
        await cluster.DoneAsync(_folders, spec);
        JobView view = await cluster.EndAsync(spec);
        Assert.Contains(view.Failures, static failure => failure.Contains("checksum", StringComparison.Ordinal));
        Assert.True(view.Attempts > 1 + view.Maps + view.Reduces, $"{view.Attempts} attempts");
    }

    [Fact]
    public async Task FullDiskOfOneNode_IsMadeUpForByOthers()
    {
        using TestDirectory small = FullDisk();
        string? full = null;
        cluster.Faults.Environment = (node, order, environment) =>
            order.Map is not null && (Interlocked.CompareExchange(ref full, node, null) ?? node) == node ? environment with { Folder = small.Path } : environment;
        JobSpec spec = await SubmitAsync(Spec());
        await cluster.DoneAsync(_folders, spec);
        Assert.Contains((await cluster.EndAsync(spec)).Failures, failure => failure.Contains($"on {full}: no space left on the disk of {small.Path}", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(TaskKind.Map)]
    [InlineData(TaskKind.Reduce)]
    public async Task FullDiskOfAll_IsAClearFailure(TaskKind kind)
    {
        using TestDirectory small = FullDisk();
        cluster.Faults.Environment = (_, order, environment) => order.Task.Kind == kind ? environment with { Folder = small.Path } : environment;
        JobSpec spec = await SubmitAsync(Spec());
        await cluster.FailedAsync(spec, $"no space left on the disk of {small.Path}", "4 times");
        cluster.Faults.Environment = null;
        await NextJobIsDoneAsync();
    }

    [Fact]
    public async Task FullDiskOfTheOutput_IsAClearFailure_AndWhatWasThereStays()
    {
        using TestDirectory small = TestDirectory.OnSmallFileSystem(mebibytes: 1);
        JobSpec spec = Spec() with { Output = Path.Combine(small.Path, "out"), Application = "sort" };
        using (Gate gate = cluster.Faults.Hold("reduce begins"))
        {
            await SubmitAsync(spec);
            await gate.ReachedAsync();
            small.Fill();
        }

        await cluster.FailedAsync(spec, $"no space left on the disk of {small.Path}");
        Assert.Equal(["ballast"], Directory.EnumerateFileSystemEntries(small.Path).Select(Path.GetFileName));
    }

    [Fact]
    public async Task OutputThatCannotBeWritten_IsAClearFailure()
    {
        // Not even root may write here.
        JobSpec nowhere = await SubmitAsync(Spec() with { Output = "/proc/quorleans-out" });
        await cluster.FailedAsync(nowhere, "the output /proc/quorleans-out cannot be created");

        JobSpec gone = Spec() with { Output = Path.Combine(_folders.Root, "parent", "out") };
        Directory.CreateDirectory(Path.GetDirectoryName(gone.Output)!);
        using Gate gate = cluster.Faults.Hold("reduce begins");
        await SubmitAsync(gone);
        await gate.ReachedAsync();
        Directory.Delete(Path.GetDirectoryName(gone.Output)!, recursive: true);
        gate.Open();
        await cluster.FailedAsync(gone, Path.GetDirectoryName(gone.Output)!);
        Assert.False(Directory.Exists(Path.GetDirectoryName(gone.Output)), "somebody made the parent folder again");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task InputThatVanishes_OrCannotBeRead_IsAClearFailure(bool vanishes)
    {
        using Gate gate = cluster.Faults.Hold("map begins");
        JobSpec spec = await SubmitAsync(Spec() with { Inputs = [FirstInput], SplitBytes = 0 });
        await gate.ReachedAsync();
        File.Delete(FirstInput);
        if (!vanishes) Directory.CreateDirectory(FirstInput);
        gate.Open();
        await cluster.FailedAsync(spec, FirstInput, "4 times");
    }

    [Fact]
    public async Task InputThatIsALinkToItself_IsAClearFailure()
    {
        string loop = Path.Combine(_folders.Root, "loop");
        File.CreateSymbolicLink(loop, loop);
        await cluster.FailedAsync(await SubmitAsync(Spec() with { Inputs = [loop] }), loop);
    }

    [Theory]
    [InlineData("bytes that are no UTF-8", "wordcount")]
    [InlineData("bytes that are no UTF-8", "sort")]
    [InlineData("an empty file among others", "wordcount")]
    [InlineData("nothing but empty files", "sort")]
    [InlineData("one key with 90 % of the records", "sort")]
    [InlineData("a line of 20 MB", "wordcount")]
    [InlineData("a line of 20 MB", "sort")]
    public async Task OddInput_MakesTheSameBytesAsInOneProcess(string what, string application)
    {
        MakeInput(what);
        JobSpec spec = await SubmitAsync(Spec() with { Application = application, MemoryBytes = 1 << 20, SplitBytes = 500_000 });
        await cluster.DoneAsync(_folders, spec);
    }

    [Fact]
    public async Task TenThousandSmallFiles_AreFewTasks()
    {
        for (int i = 0; i < 10_000; i++) await File.WriteAllTextAsync(Path.Combine(_folders.Inputs, $"small-{i:D5}"), i % 10 == 0 ? "" : $"word w{(char)('a' + (i % 26))}");
        JobSpec spec = await SubmitAsync(Spec() with { SplitBytes = 0 });
        await cluster.DoneAsync(_folders, spec);
        JobView view = await cluster.EndAsync(spec);
        output.WriteLine($"{view.InputFiles} files, {view.Maps} maps, {view.Milliseconds} ms");
        Assert.Equal(10_003, view.InputFiles);
        Assert.InRange(view.Maps, 1, 20);
    }

    [Fact]
    public async Task LineThatIsTooLong_IsAFailureThatNamesItsPlace()
    {
        await File.WriteAllTextAsync(FirstInput, "short\n" + new string('x', 3 << 20));
        JobSpec spec = await SubmitAsync(Spec() with { Application = "grep", Arguments = [KeyValuePair.Create("pattern", "short")], MaxRecordBytes = 1 << 20 });
        await cluster.FailedAsync(spec, $"the record at byte 6 of {FirstInput}");
    }

    /// <summary>A gigabyte is written, read several times and counted: by command (<c>--explicit only</c>).</summary>
    [Fact(Explicit = true)]
    public async Task LineOfAGigabyte_IsCounted_OrRefusedWithItsPlace()
    {
        MakeLongLine(1L << 30);
        JobSpec spec = await SubmitAsync(Spec() with { SplitBytes = 0 });
        await cluster.DoneAsync(_folders, spec);
        output.WriteLine($"{(await cluster.EndAsync(spec)).Milliseconds} ms");
        JobSpec refused = await SubmitAsync(Spec() with { Output = Path.Combine(_folders.Root, "refused"), Application = "grep", Arguments = [KeyValuePair.Create("pattern", "short")], SplitBytes = 0 });
        await cluster.FailedAsync(refused, $"the record at byte 6 of {FirstInput}");
    }

    [Theory]
    [InlineData("commit report", JobPhase.Cancelled)]
    [InlineData("commit rename", JobPhase.Done)]
    [InlineData("commit published", JobPhase.Done)]
    public async Task CancelInTheCommit_StopsIt_OrIsTooLate(string place, JobPhase end)
    {
        using Gate gate = cluster.Faults.Hold(place);
        JobSpec spec = await SubmitAsync(Spec());
        await gate.ReachedAsync();
        Task<JobView> cancelled = cluster.Jobs.CancelAsync(spec.Id);
        await cluster.Faults.Cancelled.WaitAsync(Eventually.Patience);
        gate.Open();
        Assert.Equal(end, (await cancelled).Phase);
        if (end == JobPhase.Done)
        {
            await cluster.DoneAsync(_folders, spec);
        }
        else
        {
            await cluster.NothingIsLeftAsync(spec);
            Assert.False(Directory.Exists(spec.Output));
        }
    }

    private JobSpec Spec() => _folders.Spec("out", splitBytes: 20_000);

    private async Task<JobSpec> SubmitAsync(JobSpec spec)
    {
        await cluster.Jobs.SubmitAsync(spec);
        return spec;
    }

    private async Task NextJobIsDoneAsync() => await cluster.DoneAsync(_folders, await SubmitAsync(Spec() with { Output = Path.Combine(_folders.Root, "next") }));

    private static TestDirectory FullDisk()
    {
        TestDirectory small = TestDirectory.OnSmallFileSystem(mebibytes: 1);
        small.Fill();
        return small;
    }

    private void MakeInput(string what)
    {
        Random random = new(7);
        switch (what)
        {
            case "bytes that are no UTF-8":
                byte[] bytes = new byte[300_000];
                random.NextBytes(bytes);
                File.WriteAllBytes(FirstInput, bytes);
                break;
            case "an empty file among others":
                File.WriteAllText(FirstInput, "");
                break;
            case "nothing but empty files":
                foreach (string file in Directory.EnumerateFiles(_folders.Inputs).ToArray()) File.WriteAllText(file, "");
                break;
            case "one key with 90 % of the records":
                using (StreamWriter lines = new(FirstInput))
                    for (int i = 0; i < 300_000; i++) lines.Write(random.Next(10) > 0 ? "the hot key\n" : $"{random.Next()}\n");
                break;
            default:
                MakeLongLine(20 << 20);
                break;
        }
    }

    private void MakeLongLine(long length)
    {
        byte[] words = Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("word ", 1 << 14)));
        using FileStream file = new(FirstInput, FileMode.Create);
        file.Write("short\n"u8);
        for (long written = 0; written < length; written += words.Length) file.Write(words);
    }
}
