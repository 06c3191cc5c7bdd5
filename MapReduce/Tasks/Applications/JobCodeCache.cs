using Quorleans.MapReduce.Jobs;

namespace Quorleans.MapReduce.Tasks;

/// <summary>The code of the jobs that ran last: with thousands of small tasks, loading it for each would be most of the work. Safe for several threads.</summary>
internal sealed class JobCodeCache
{
    private const int Most = 8;
    private readonly Lock _lock = new();
    private readonly LinkedList<(string Job, JobCode Code)> _newest = [];

    public JobCode Get(JobSpec spec, AllowedPaths allowed)
    {
        lock (_lock)
        {
            for (LinkedListNode<(string Job, JobCode Code)>? node = _newest.First; node is not null; node = node.Next)
            {
                if (node.Value.Job != spec.Id) continue;
                _newest.Remove(node);
                _newest.AddFirst(node);
                return node.Value.Code;
            }
        }

        // User code runs here: not under the lock. Twice is harmless.
        JobCode code = JobCode.Load(spec, allowed);
        lock (_lock)
        {
            _newest.AddFirst((spec.Id, code));
            if (_newest.Count > Most) _newest.RemoveLast();
        }

        return code;
    }
}
