using System.Runtime.CompilerServices;
using CsCheck;
using Quorleans.KeyValue.Store;

namespace Quorleans.KeyValue.Tests;

/// <summary>The sessions' table against a SortedDictionary, with clones taken at random and checked after everything else.</summary>
public sealed class SessionTableTests
{
    private enum Step
    {
        Add,
        Result,
        Acknowledge,
        Remove,
        Clone,
    }

    [Fact]
    public void Table_BehavesAsASortedDictionary_AndClonesDoNotChange() =>
        Gen.Select(Gen.Frequency((40, Gen.Const(Step.Add)), (40, Gen.Const(Step.Result)), (10, Gen.Const(Step.Acknowledge)), (30, Gen.Const(Step.Remove)), (1, Gen.Const(Step.Clone))), Gen.Int[0, 499], Gen.Bool)
            .Array[0, 3000].Select(Gen.Bool).Sample((steps, ordered) =>
            {
                var table = new SessionTable();
                var model = new SortedDictionary<ClientId, List<long>>();
                var clones = new List<(SessionTable Table, SortedDictionary<ClientId, List<long>> Model)>();
                long sequence = 0;
                foreach ((Step step, int number, bool again) in steps)
                {
                    // Ids in order, or spread as random ones are.
                    var client = new ClientId(ordered ? (UInt128)(number + 1) : (UInt128)(number + 1) * UInt128.Parse("226854911280625642308916404954512140969"));
                    switch (step)
                    {
                        case Step.Add:
                            ref Session added = ref table.GetOrAdd(client, out bool exists);
                            Assert.Equal(!model.TryAdd(client, []), exists);
                            if (!exists) added = new Session(0, 0);
                            break;
                        case Step.Clone:
                            clones.Add((table.Clone(), Copy(model)));
                            break;
                        case Step.Remove:
                            Assert.Equal(model.Remove(client), table.Remove(client));
                            break;
                        default:
                            Assert.Equal(model.ContainsKey(client), Change(table, client, step, ++sequence, model, again));
                            break;
                    }
                }

                AssertSame(table, model);
                foreach ((SessionTable clone, SortedDictionary<ClientId, List<long>> then) in clones) AssertSame(clone, then);
            }, iter: 60);

    [Fact]
    public void ResultsOfAClone_StayAsTheyWere_WhenARemovalMovedTheSession()
    {
        // The place looked at last then holds another's session, whose results are still the clone's.
        var table = new SessionTable();
        for (int i = 1; i <= 3; i++)
        {
            ref Session session = ref table.GetOrAdd(new ClientId((UInt128)i), out _);
            session = new Session(0, 0);
            session.Add(table.Owner, Result(1));
            session.Add(table.Owner, Result(2));
        }

        SessionTable clone = table.Clone();
        table.FindForUpdate(new ClientId(2)).Add(table.Owner, Result(3));
        Assert.True(table.Remove(new ClientId(1)));
        table.FindForUpdate(new ClientId(3)).Add(table.Owner, Result(3));
        Assert.Equal(2, clone.Find(new ClientId(3)).Count);
        Assert.Equal(3, table.Find(new ClientId(3)).Count);
    }

    [Fact]
    public void Cursor_StartsBehindAnyClient()
    {
        var table = new SessionTable();
        Assert.True(table.SeekAfter(default).IsEnd);
        for (int i = 2; i <= 2000; i += 2) table.GetOrAdd(new ClientId((UInt128)i), out _) = new Session(i, 0);
        for (int i = 0; i < 2000; i++) Assert.Equal((UInt128)(i / 2 * 2 + 2), table.SeekAfter(new ClientId((UInt128)i)).Client.Value);
        Assert.True(table.SeekAfter(new ClientId(2000)).IsEnd);
        Assert.True(table.SeekAfter(new ClientId(UInt128.MaxValue)).IsEnd);
    }

    [Fact]
    public void ClientThatDoesOneThingAtATime_AllocatesNothing_OnceItHasASession()
    {
        var random = new Random(1);
        var table = new SessionTable();
        for (int i = 0; i < 5000; i++)
        {
            ref Session session = ref table.GetOrAdd(new ClientId(new UInt128((ulong)random.NextInt64(), (ulong)random.NextInt64())), out _);
            session = new Session(0, 0);
            session.Add(table.Owner, Result(1));
        }

        long allocated = GC.GetAllocatedBytesForCurrentThread();
        for (SessionTable.Cursor cursor = table.SeekAfter(default); !cursor.IsEnd; cursor.MoveNext())
        {
            ref Session session = ref table.FindForUpdate(cursor.Client);
            session.DropFirst(session.RaiseFloor(1));
            session.Add(table.Owner, Result(2));
        }

        Assert.Equal(allocated, GC.GetAllocatedBytesForCurrentThread());
    }

    private static bool Change(SessionTable table, ClientId client, Step step, long sequence, SortedDictionary<ClientId, List<long>> model, bool again)
    {
        ref Session session = ref table.FindForUpdate(client);
        if (Unsafe.IsNullRef(in session)) return false;
        List<long> results = model[client];
        if (step == Step.Result)
        {
            // Even ones first, so that odd ones come between.
            long earlier = results.Count == 0 ? sequence * 2 : results[^1] - 1;
            session.Add(table.Owner, Result(sequence * 2));
            results.Add(sequence * 2);
            if (again && !results.Contains(earlier) && earlier > session.Floor)
            {
                table.FindForUpdate(client).Add(table.Owner, Result(earlier));
                results.Add(earlier);
                results.Sort();
            }
        }
        else if (results.Count > 0)
        {
            session.DropFirst(session.RaiseFloor(results[results.Count / 2]));
            results.RemoveRange(0, results.Count / 2 + 1);
        }

        return true;
    }

    private static CachedResult Result(long sequence) => new(sequence, sequence + 1, sequence + 2, OperationStatus.Ok);

    private static SortedDictionary<ClientId, List<long>> Copy(SortedDictionary<ClientId, List<long>> model) => new(model.ToDictionary(static pair => pair.Key, static pair => new List<long>(pair.Value)));

    private static void AssertSame(SessionTable table, SortedDictionary<ClientId, List<long>> model)
    {
        Assert.Equal(model.Count, table.Count);
        SessionTable.Cursor cursor = table.SeekAfter(default);
        foreach ((ClientId client, List<long> results) in model)
        {
            Assert.False(cursor.IsEnd);
            Assert.Equal(client, cursor.Client);
            Assert.Equal(results.Select(Result), cursor.Session.Results.ToArray());
            Assert.Equal(results.Count, table.Find(client).Count);
            cursor.MoveNext();
        }

        Assert.True(cursor.IsEnd);
    }
}
