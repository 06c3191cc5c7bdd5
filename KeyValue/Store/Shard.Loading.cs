namespace Quorleans.KeyValue.Store;

internal sealed partial class Shard
{
    /// <summary>Builds a shard from what a snapshot holds, in order, and checks it on the way.</summary>
    /// <param name="id">Which shard.</param>
    /// <param name="revision">Its revision counter.</param>
    public sealed class Loader(ShardId id, long revision)
    {
        private readonly CowTree<Item>.Builder _data = new(ItemPages.Tidy);
        private readonly SessionTable _sessions = new();
        private ClientId _client;
        private long _bytes;
        private int _results;
        private UInt128 _digest;

        /// <summary>Adds a key with its value.</summary>
        /// <returns>Null, or what is wrong.</returns>
        public string? AddItem(byte[] key, byte[] value, long version)
        {
            if (version < 1 || version > revision) return $"version {version} is not from 1 to the revision {revision}";
            if (!_data.TryAdd(key, new Item { Buffer = value, Length = value.Length, Version = version })) return "keys are out of order";
            _bytes += key.Length + value.Length;
            _digest += StrongHash.OfItem(key, value, version);
            return null;
        }

        /// <summary>Adds a session; its results follow.</summary>
        /// <returns>Null, or what is wrong.</returns>
        public string? AddSession(ClientId client, long floor, long latestDeadlineMs)
        {
            if (client <= _client) return "sessions are out of order";
            _client = client;
            ref Session session = ref _sessions.GetOrAdd(client, out _);
            session = new Session(floor, latestDeadlineMs);
            _digest += session.Hash(client);
            return null;
        }

        /// <summary>Adds a result to the session that was added last.</summary>
        /// <returns>Null, or what is wrong.</returns>
        public string? AddResult(in CachedResult result)
        {
            ref Session session = ref _sessions.FindForUpdate(_client);
            long last = session.Count == 0 ? session.Floor : session.Results[^1].Sequence;
            if (result.Sequence <= last) return "a session's results are out of order";
            if (result.DeadlineMs > session.LatestDeadlineMs) return "a result's deadline is later than its session's latest";
            session.Add(_sessions.Owner, result);
            _digest += StrongHash.OfResult(_client, result);
            _results++;
            return null;
        }

        /// <summary>The shard.</summary>
        public Shard Build() => new(id, _data.Build(), _sessions)
        {
            Revision = revision, Bytes = _bytes, Digest = _digest, Results = _results,
        };
    }
}
