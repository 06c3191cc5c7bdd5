using Quorleans.Clerk;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

public sealed class DiskFullTests(ITestOutputHelper output)
{
    private static readonly string[] Nodes = ["n1", "n2", "n3"];

    [Fact]
    public async Task WritesAreRefusedAndReadsGoOn_UntilSpaceReturns()
    {
        using TestDirectory small = TestDirectory.OnSmallFileSystem(mebibytes: 200);
        SiloSetup setup = new(Path.Combine(small.Path, "data"));
        await using SiloProcess silo = await SiloProcess.StartAsync(setup);
        await using TestClient client = await TestClient.ConnectAsync(setup, static options => options.OperationTimeout = TimeSpan.FromSeconds(3));
        await client.Clerk.PutAsync("kept", "value");
        string ballast = small.Fill();

        // What is prepared ahead still takes some, and small writes longer than large ones.
        ClerkException refusal = null!;
        foreach (int bytes in (int[])[256 * 1024, 16 * 1024, 1])
        {
            int taken;
            (taken, refusal) = await WriteUntilRefusedAsync(client.Clerk, new byte[bytes]);
            output.WriteLine($"{taken} values of {bytes} bytes taken, then: {refusal.Message}");
        }

        Assert.Equal("value", await client.Clerk.GetStringAsync("kept"));
        Assert.Contains("DiskFull", (await Task.WhenAll(Nodes.Select(client.StatusAsync))).Select(static status => status.State));

        File.Delete(ballast);
        TimeSpan back = await Eventually.Holds("writes go on", async () =>
        {
            await client.Clerk.PutAsync("after", "space");
            return true;
        });
        output.WriteLine($"writes went on {back.TotalMilliseconds:F0} ms after space returned");
        Assert.Equal("value", await client.Clerk.GetStringAsync("kept"));
        Assert.Equal("space", await client.Clerk.GetStringAsync("after"));
        await Eventually.Holds("no replica lacks space", async () =>
            (await Task.WhenAll(Nodes.Select(client.StatusAsync))).All(static status => status.State == "Running"));
    }

    private static async Task<(int Taken, ClerkException Refusal)> WriteUntilRefusedAsync(IClerk clerk, byte[] value)
    {
        int taken = 0;
        ClerkException? refusal = null;

        // The leader may be lost for lack of space too, and then its last batch's fate is unknown. Once the nodes have settled, nothing of a refused write happened.
        await Eventually.Holds("a write is refused for lack of space, and surely did not happen", async () =>
        {
            try
            {
                for (; ; taken++) await clerk.PutAsync(BitConverter.GetBytes(taken % 10), value);
            }
            catch (ClerkException e)
            {
                refusal = e;
                return e is { Error: ClerkError.DiskFull, Outcome: OperationOutcome.DidNotHappen };
            }
        });
        return (taken, refusal!);
    }
}
