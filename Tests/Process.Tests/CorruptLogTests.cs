using System.Buffers.Binary;
using System.Text.Json;
using Quorleans.Clerk;
using Quorleans.Processes.Tests.Processes;
using Quorleans.Tests.Shared;

namespace Quorleans.Processes.Tests;

public sealed class CorruptLogTests : IDisposable
{
    private const int Values = 60;

    // The log's layout, as its header says (BatchHeader): pages; a magic; the kind at 6, 1 for data; the length at 40; 64 bytes in all.
    private const int PageBytes = 4096, KindAt = 6, LengthAt = 40, HeaderBytes = 64, Data = 1;
    private const uint Magic = 0x474F_4C51;
    private readonly TestDirectory _data = TestDirectory.OnDisk();

    public void Dispose() => _data.Dispose();

    [Fact]
    public async Task ANodeWhoseLogIsDamaged_SaysCorruptAndNeitherServesNorVotes()
    {
        SiloSetup setup = new(_data.Path);
        await using (SiloProcess silo = await SiloProcess.StartAsync(setup))
        {
            await using TestClient client = await TestClient.ConnectAsync(setup);
            for (int i = 0; i < Values; i++) await client.Clerk.PutAsync($"k{i}", $"v{i}");
            await Eventually.Holds("n2 has all of it", async () => (await client.StatusAsync("n2")).AppliedIndex >= Values);
            await silo.StopAsync();
        }

        string segment = Path.Combine(_data.Path, "n2", "wal-000001.log");
        long damaged = DamageABatch(segment);
        byte[] before = await File.ReadAllBytesAsync(segment);
        await using (SiloProcess silo = await SiloProcess.StartAsync(setup))
        {
            await using TestClient client = await TestClient.ConnectAsync(setup);
            await HoldsAllAsync(client);
            await client.Clerk.PutAsync("new", "value");
            JsonElement status = await StatusOfN2Async(setup);
            Assert.Equal("Corrupt", status.GetProperty("state").GetString());
            string detail = status.GetProperty("detail").GetString()!;
            Assert.Contains("wal-000001.log", detail, StringComparison.Ordinal);
            Assert.Contains(damaged.ToString(System.Globalization.CultureInfo.InvariantCulture), detail, StringComparison.Ordinal);

            // With one of the two whole ones gone there is no majority: n2's vote would make one.
            ClientRun stopped = await ClientProcess.RunAsync(setup, "node", "stop", "n1", "--abrupt");
            Assert.True(stopped.Status == 0, stopped.Error);
            ClientRun put = await ClientProcess.RunAsync(setup, "put", "refused", "x", "--timeout", "3");
            Assert.Equal(1, put.Status);
            Assert.DoesNotContain("Leader", new[] { (await client.StatusAsync("n3")).Role, (await client.StatusAsync("n2")).Role });
            Assert.Equal(0, (await ClientProcess.RunAsync(setup, "node", "start", "n1")).Status);
            await Eventually.Holds("the whole ones serve again", async () =>
            {
                await client.Clerk.PutAsync("back", "value");
                return true;
            });
            await HoldsAllAsync(client);
            await silo.StopAsync();
        }

        byte[] after = await File.ReadAllBytesAsync(segment);
        Assert.True(before.AsSpan().SequenceEqual(after), "The damaged log was changed.");
    }

    private static async Task HoldsAllAsync(TestClient client)
    {
        for (int i = 0; i < Values; i++) Assert.Equal($"v{i}", await client.Clerk.GetStringAsync($"k{i}"));
    }

    private static async Task<JsonElement> StatusOfN2Async(SiloSetup setup)
    {
        ClientRun status = await ClientProcess.RunAsync(setup, "status", "--json");
        Assert.True(status.Status == 0, status.Error);
        return status.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(static line => JsonSerializer.Deserialize<JsonElement>(line))
            .Single(static line => line.GetProperty("node").GetString() == "n2" && line.GetProperty("group").GetString() == "g1");
    }

    /// <summary>Flips a bit in the middle one of the log's data batches.</summary>
    /// <returns>Where the batch begins.</returns>
    private static long DamageABatch(string segment)
    {
        byte[] log = File.ReadAllBytes(segment);
        List<int> batches = [];
        for (int at = 0; at + PageBytes <= log.Length; at += PageBytes)
        {
            if (BinaryPrimitives.ReadUInt32LittleEndian(log.AsSpan(at)) == Magic && log[at + KindAt] == Data
                && BinaryPrimitives.ReadInt32LittleEndian(log.AsSpan(at + LengthAt)) > 0)
                batches.Add(at);
        }

        Assert.True(batches.Count > 10, $"{segment} holds {batches.Count} batches.");
        int chosen = batches[batches.Count / 2];
        using FileStream file = new(segment, FileMode.Open, FileAccess.Write);
        file.Position = chosen + HeaderBytes;
        file.WriteByte((byte)(log[chosen + HeaderBytes] ^ 0x10));
        return chosen;
    }
}
