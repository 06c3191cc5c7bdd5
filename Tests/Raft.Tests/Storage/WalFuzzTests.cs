using System.Buffers.Binary;
using Quorleans.Raft.Storage;
using Quorleans.Simulation;
using Xunit;
using static Quorleans.Raft.Tests.WalHarness;

namespace Quorleans.Raft.Tests;

public sealed class WalFuzzTests
{
    /// <summary>
    /// Whatever bits rot, recovery gives the whole truth, a truth that is only shorter by unproven last batches, or says corrupt;
    /// never an exception, never something else.
    /// </summary>
    [Fact]
    public void RecoveryIsExactOrCorrupt_WhenRandomBitsFlip()
    {
        int corrupt = 0, whole = 0, cut = 0;
        for (int seed = 0; seed < 400; seed++)
        {
            Random random = new(seed);
            WalHarness wal = Built(seed, out List<LogEntry> entries);
            string[] files = [.. wal.Disk.List()];
            int flips = random.Next(1, 6);
            for (int flip = 0; flip < flips; flip++)
            {
                string file = files[random.Next(files.Length)];
                int length = wal.Disk.ReadAll(file).Length;

                // Mostly where headers and short records are.
                long offset = random.Next(3) > 0 ? random.Next(length / 4096) * 4096L + random.Next(200) : random.Next(length);
                wal.Disk.Corrupt(file, offset, (byte)(1 << random.Next(8)));
            }

            wal.Crash();
            if (wal.Recovery.Corruption is not null)
            {
                corrupt++;
                continue;
            }

            IReadOnlyList<LogEntry> found = wal.Recovery.Groups.Count == 0 ? [] : wal.Group().Entries;
            WriteAheadLogTests.AssertEntries([.. entries.Take(found.Count)], found);
            Assert.True(found.Count >= entries.Count - flips, $"seed {seed}: {entries.Count - found.Count} batches cut");
            if (found.Count == entries.Count) whole++;
            else cut++;
        }

        Assert.True(corrupt > 60 && whole > 20 && cut > 2, $"{corrupt} corrupt, {whole} whole, {cut} cut");
    }

    /// <summary>Checksums are made right again after the mutation, so the decoders themselves must hold.</summary>
    [Fact]
    public void RecoveryNeverThrows_WhenRecordsAreHostileUnderGoodChecksums()
    {
        LogSalt salt = LogSalt.From(NodeId);
        int corrupt = 0;
        for (int seed = 0; seed < 2000; seed++)
        {
            Random random = new(seed);
            SimulatedDisk disk = new(seed);
            byte[] bytes = new byte[64 << 10];
            uint crc = 0;
            int at = 0;
            for (int batch = 0; batch < 4; batch++)
            {
                byte[] body = HostileBody(random, opening: batch == 0);
                BatchHeader header = new(batch == 0 ? BatchKind.Opening : BatchKind.Data, 1, Math.Max(1, batch), Math.Max(0, batch - 1), body.Length, crc, Crc32C.Append(salt.Seed, body));
                crc = header.Write(bytes.AsSpan(at), salt);
                body.CopyTo(bytes.AsSpan(at + BatchHeader.Bytes));
                at += BatchBuffer.Pad(BatchHeader.Bytes + body.Length);
            }

            using (IDiskFile file = disk.Create("wal-000001.log"))
            {
                file.Write(0, bytes);
                file.Sync();
                disk.SyncDirectory();
            }

            WriteAheadLog.Open(disk, Options(64 << 10), new ManualLogExecutor(), out LogRecovery recovery);
            if (recovery.Corruption is not null) corrupt++;
        }

        Assert.InRange(corrupt, 600, 1999);
    }

    private static byte[] HostileBody(Random random, bool opening)
    {
        BatchBuffer buffer = new();
        if (opening)
        {
            LogRecords.WriteSegment(buffer, 5, 1, 0, 1);
            LogRecords.WriteOpen(buffer, 1, new GroupId("g1", 1), new MemberId(1), Three);
        }
        else
        {
            LogRecords.WriteEntries(buffer, RecordType.Entries, 1, Entries(random.Next(1, 4), random.Next(1, 4)));
            LogRecords.WriteHardState(buffer, 1, new HardState(new Term(1), new MemberId(1), LogIndex.Zero));
            LogRecords.WriteSnapshot(buffer, 1, Snapshot(random.Next(1, 5)), "file", installed: random.Next(2) == 0);
        }

        byte[] body = buffer.Body.ToArray();
        for (int mutations = random.Next(opening ? 2 : 3); mutations > 0; mutations--)
        {
            switch (random.Next(4))
            {
                case 0: body[random.Next(body.Length)] = (byte)random.Next(256); break;
                case 1: BinaryPrimitives.WriteInt32LittleEndian(body.AsSpan(random.Next(body.Length - 4)), Nasty(random)); break;
                case 2: BinaryPrimitives.WriteInt64LittleEndian(body.AsSpan(random.Next(body.Length - 8)), random.Next(2) == 0 ? long.MaxValue : long.MinValue); break;
                default: body = body[..random.Next(Math.Max(9, body.Length - 20), body.Length)]; break;
            }
        }

        return body;
    }

    private static int Nasty(Random random) => random.Next(5) switch { 0 => int.MaxValue, 1 => -1, 2 => int.MinValue, 3 => 0, _ => 1 << random.Next(31) };

    private static WalHarness Built(int seed, out List<LogEntry> entries)
    {
        WalHarness wal = new(new SimulatedDisk(seed), segmentBytes: 32 << 10);
        LogGroup group = wal.Open();
        entries = [];
        int batches = new Random(seed).Next(1, 25);
        for (int i = 1; i <= batches; i++)
        {
            LogEntry entry = Entry(i, payload: i * 37 % 500, fill: (byte)i);
            entries.Add(entry);
            wal.Log.AppendEntries(group, [entry]);
            wal.Flush();
        }

        return wal;
    }
}
