using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

/// <summary>A short round of <c>Tests/Chaos</c>, as its command.</summary>
public sealed class ChaosTests(ITestOutputHelper output)
{
    private const int Interrupted = 130;

    // A round, and what a loaded machine may take for its start, its healing and its check.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(10);

    [Fact]
    public async Task AMinuteOfFaults_BreaksNoPromise()
    {
        await using ChildProcess chaos = await ChildProcess.StartAsync(Programs.Chaos, ["--minutes", "1", "--seed", "7", "--nodes", "3"]);
        int status = await chaos.WaitAsync(Patience);
        output.WriteLine(chaos.Output);
        Assert.True(status == 0, $"status {status}\n{chaos}");
        Assert.Contains("linearizable: ", chaos.Output, StringComparison.Ordinal);
        Assert.Contains("--minutes 1 --seed 7 --nodes 3", chaos.Output, StringComparison.Ordinal);
        AssertNothingIsLeft(chaos);
    }

    [Fact]
    public async Task AnInterruptedRound_ChecksWhatThereIs_AndLeavesNothingBehind()
    {
        await using ChildProcess chaos = await ChildProcess.StartAsync(Programs.Chaos, ["--minutes", "60", "--seed", "1", "--nodes", "3"]);
        await Eventually.Holds("the first fault", () =>
        {
            if (chaos.HasExited) throw new InvalidOperationException($"It has ended.\n{chaos}");
            return chaos.Output.Split('\n').SkipWhile(static line => !line.Contains(" nodes are up", StringComparison.Ordinal)).Count() > 3;
        });
        await chaos.SignalAsync("INT");
        int status = await chaos.WaitAsync(Patience);
        Assert.True(status == Interrupted, $"status {status}\n{chaos}");
        Assert.Contains("linearizable: ", chaos.Output, StringComparison.Ordinal);
        AssertNothingIsLeft(chaos);
    }

    [Fact]
    public async Task ARoundThatIsEndedAtOnce_LeavesNoProcessNetworkOrMount()
    {
        await using ChildProcess chaos = await ChildProcess.StartAsync(Programs.Chaos, ["--minutes", "60", "--seed", "2", "--nodes", "3"]);
        await Eventually.Holds("the nodes are up", () => chaos.HasExited || chaos.Output.Contains(" nodes are up", StringComparison.Ordinal));
        await chaos.SignalAsync("INT");
        await Eventually.Holds("it was heard", () => chaos.HasExited || chaos.Error.Contains("once more", StringComparison.Ordinal));
        await chaos.SignalAsync("INT");
        Assert.Equal(Interrupted, await chaos.WaitAsync(Patience));
        AssertNothingIsLeft(chaos, folders: false);
        foreach (string folder in Directory.EnumerateDirectories(Path.GetTempPath(), Name(chaos))) Directory.Delete(folder, recursive: true);
    }

    private static string Name(ChildProcess chaos) => FormattableString.Invariant($"quorleans-chaos-{chaos.Id}-*");

    private static void AssertNothingIsLeft(ChildProcess chaos, bool folders = true)
    {
        string folder = Name(chaos)[..^1];
        if (folders) Assert.Empty(Directory.EnumerateDirectories(Path.GetTempPath(), Name(chaos)));
        if (!OperatingSystem.IsLinux()) return;
        Assert.DoesNotContain(folder, File.ReadAllText("/proc/mounts"), StringComparison.Ordinal);
        if (Directory.Exists("/run/netns")) Assert.Empty(Directory.EnumerateFiles("/run/netns", FormattableString.Invariant($"qc{chaos.Id % 100_000}-*")));
        Assert.DoesNotContain(Directory.EnumerateDirectories("/proc").Where(static path => char.IsAsciiDigit(Path.GetFileName(path)[0])), path => CommandOf(path).Contains(folder, StringComparison.Ordinal));
    }

    private static string CommandOf(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It has ended meanwhile.
            return "";
        }
    }
}
